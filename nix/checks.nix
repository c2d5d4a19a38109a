# `nix flake check`. The offline check in nix/check evaluates the same without building it.
{
  pkgs,
  facts,
  interpreter,
  postgresql,
  python,
  lab,
  self,
}:
let
  inherit (pkgs) lib;
  inherit (facts) pins;
  major = lib.versions.major;
  joined = lib.concatStringsSep " and ";

  agreed = {
    "nix/default.nix takes Python ${interpreter.version}, .python-version says ${pins.python}" =
      lib.hasPrefix "${pins.python}." interpreter.version;
    "pyproject.toml requires Python ${pins.requiresPython}, .python-version says ${pins.python}" =
      pins.requiresPython == "==${pins.python}.*";
    "nix/default.nix takes PostgreSQL ${postgresql.version}, the lab runs ${pins.postgresql}" =
      major postgresql.version == pins.postgresql;
    "the README names Python ${joined pins.readmePython}, .python-version says ${pins.python}" =
      pins.readmePython == [ pins.python ];
    "the README names PostgreSQL ${joined pins.readmePostgresql}, the lab runs ${pins.postgresql}" =
      pins.readmePostgresql == [ pins.postgresql ];
    "pyproject.toml takes the binaries of PostgreSQL ${pins.wheelPostgresql}, the lab runs ${pins.postgresql}" =
      pins.wheelPostgresql == pins.postgresql;
    "pyproject.toml requires uv ${pins.requiredUv}, bench/uv.json has ${pins.uv}" =
      pins.requiredUv == "==${pins.uv}";
    "services/*/service.toml let two servers share a port: ${toString facts.ports}" =
      lib.length (lib.unique facts.ports) == lib.length facts.ports;
  };
  disagreements = lib.filter (claim: !agreed.${claim}) (lib.attrNames agreed);

  # A copy of the project that can be written, with the shell's Python and PostgreSQL.
  inProject =
    name: command:
    pkgs.runCommand "onecore-${name}"
      {
        nativeBuildInputs = [
          pkgs.gnumake
          pkgs.git
          pkgs.util-linux
          python
        ];
        ONECORE_PYTHON = "${python}/bin/python";
        ONECORE_PG_BIN = "${postgresql}/bin";
      }
      ''
        cp -r ${self} project
        chmod -R u+w project
        cd project
        export HOME=$TMPDIR
        ${command}
        touch $out
      '';
in
{
  pins =
    assert lib.assertMsg (disagreements == [ ]) (lib.concatStringsSep "; " disagreements);
    pkgs.runCommand "onecore-pins" { } "touch $out";

  lint = inProject "lint" "make check";

  suite = inProject "suite" "make test";

  machine = import ./machine-test.nix { inherit pkgs facts lab self; };
}
