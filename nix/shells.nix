# `nix develop`: every make target uses the store's Python and PostgreSQL; nothing is downloaded.
# `nix develop .#uv`: PostgreSQL and a Python from the store, the packages by uv as without Nix.
{
  pkgs,
  python,
  postgresql,
  interpreter,
  uv,
}:
let
  tools = with pkgs; [
    coreutils
    gawk
    git
    gnumake
    nixfmt
    util-linux
    postgresql
  ];
in
{
  default = pkgs.mkShell {
    name = "onecore";
    packages = [ python ] ++ tools;
    env = {
      ONECORE_PYTHON = "${python}/bin/python";
      ONECORE_PG_BIN = "${postgresql}/bin";
    };
    # nix/check compares what it holds with what uv installs.
    passthru = { inherit python; };
    # Another Python's packages have no place in this one.
    shellHook = "unset PYTHONPATH";
  };

  uv = pkgs.mkShell {
    name = "onecore-uv";
    packages = [
      interpreter
      uv
    ]
    ++ tools;
    env = {
      ONECORE_PG_BIN = "${postgresql}/bin";
      UV_PYTHON = interpreter.interpreter;
      UV_PYTHON_DOWNLOADS = "never";
      # For the Makefile, which gives them to the lab's Python and to nothing else.
      ONECORE_WHEEL_LIBRARIES = pkgs.lib.makeLibraryPath [
        pkgs.stdenv.cc.cc.lib
        pkgs.zlib
      ];
    };
    # nixpkgs' Python brings settings for builds; here programs run as they do without Nix.
    shellHook = "unset PYTHONPATH PYTHONHASHSEED DETERMINISTIC_BUILD ONECORE_PYTHON";
  };
}
