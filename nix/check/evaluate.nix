# Everything of the flake that can be evaluated without NixOS and without building, as one set:
# `outputs`, derivations by their path; `machines`, what the module makes of each; `scripts`, the
# VM tests' own; `packages`, the versions of what Python takes from uv.lock.
{ flake }:
let
  inherit (flake.inputs.nixpkgs) lib;
  system = "x86_64-linux";

  derivations =
    lib.genAttrs
      [
        "packages"
        "devShells"
        "checks"
      ]
      (output: lib.mapAttrs (_: lib.mapAttrs (_: one: one.drvPath)) flake.${output});

  machine =
    settings:
    lib.nixosSystem {
      inherit system;
      modules = [
        flake.nixosModules.default
        { services.onecore = { enable = true; } // settings; }
      ];
    };
  vmTest = flake.checks.${system}.machine;

  evaluated = {
    plain = machine { };
    # Every option that adds something to a unit or to the kernel.
    full = machine {
      targets = [
        "drf"
        "fastapi"
      ];
      portOffset = 100;
      dataDir = "/srv/onecore/state";
      resultsDir = "/srv/onecore/results";
      user = "bench";
      cpus = {
        apps = {
          drf = [ 2 ];
          fastapi = [ 3 ];
        };
        databases = [
          0
          1
        ];
      };
      tuning = {
        enable = true;
        isolatedCpus = [
          2
          3
        ];
        tickless = true;
      };
    };
  }
  // lib.mapAttrs' (name: node: lib.nameValuePair "vm-test-${name}" node) vmTest.nodes;

  # A service that the module declares in NixOS' own words.
  setting =
    name: value:
    if builtins.isList value then
      lib.concatMapStrings (setting name) value
    else if builtins.isBool value then
      "${name}=${if value then "yes" else "no"}\n"
    else
      "${name}=${toString value}\n";
  service = unit: ''
    [Unit]
    Description=${unit.description}
    PartOf=${lib.concatStringsSep " " unit.partOf}

    [Service]
    ${lib.concatMapStrings (name: "Environment=${name}=${unit.environment.${name}}\n") (
      lib.attrNames unit.environment
    )}${lib.concatMapStrings (name: setting name unit.serviceConfig.${name}) (
      lib.attrNames unit.serviceConfig
    )}'';

  found =
    { config, ... }:
    let
      failed = lib.filter (one: !one.assertion) config.assertions;
      declared = lib.mapAttrs' (
        name: unit: lib.nameValuePair "${name}.service" (service unit)
      ) config.systemd.services;
    in
    if failed != [ ] then
      throw (lib.concatMapStringsSep "\n" (one: one.message) failed)
    else
      {
        units =
          declared // lib.mergeAttrsList (map (package: package.passthru.units) config.systemd.packages);
        # Forced, so that a wrong value is found.
        inherit (config.boot) kernelParams;
        inherit (config.users) users;
        virtualisation = config.virtualisation or { };
        tmpfiles = config.systemd.tmpfiles.rules;
        targets = lib.mapAttrs (_: unit: unit.wantedBy) config.systemd.targets;
        programs = map (one: one.name) config.environment.systemPackages;
      };
in
{
  outputs = derivations // {
    apps = lib.mapAttrs (_: lib.mapAttrs (_: app: app.program)) flake.apps;
    formatter = lib.mapAttrs (_: one: one.drvPath) flake.formatter;
  };
  machines = lib.mapAttrs (_: found) evaluated;
  scripts.${vmTest.pname} = vmTest.testScript;
  packages = flake.devShells.${system}.default.python.versions;
}
