# Everything of the flake that can be evaluated without NixOS and without building, as one set:
# `outputs`, derivations by their path, and `units`, the module's unit files by theirs.
{
  flake,
  # More configuration of the machine, on top of `services.onecore.enable`.
  machine ? { },
}:
let
  inherit (flake.inputs.nixpkgs) lib;
  system = "x86_64-linux";
  pkgs = flake.inputs.nixpkgs.legacyPackages.${system};

  derivations =
    lib.genAttrs
      [
        "packages"
        "devShells"
        "checks"
      ]
      (output: lib.mapAttrs (_: lib.mapAttrs (_: one: one.drvPath)) flake.${output});

  inherit
    (lib.evalModules {
      modules = [
        (import ./stand-in/nixos.nix { inherit lib; })
        flake.nixosModules.default
        { services.onecore.enable = true; }
        machine
      ];
      specialArgs = { inherit lib pkgs; };
    })
    config
    ;
  failed = lib.filter (one: !one.assertion) config.assertions;

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

  declared = lib.mapAttrs' (
    name: unit: lib.nameValuePair "${name}.service" (service unit)
  ) config.systemd.services;
in
if failed != [ ] then
  throw (lib.concatMapStringsSep "\n" (one: one.message) failed)
else
  {
    outputs = derivations // {
      apps = lib.mapAttrs (_: lib.mapAttrs (_: app: app.program)) flake.apps;
      formatter = lib.mapAttrs (_: one: one.drvPath) flake.formatter;
    };
    units = declared // lib.mergeAttrsList (map (package: package.passthru.units) config.systemd.packages);
    # Forced, so that a wrong value is found.
    inherit (config.boot) kernelParams;
    inherit (config.users) users;
    tmpfiles = config.systemd.tmpfiles.rules;
    targets = lib.mapAttrs (_: unit: unit.wantedBy) config.systemd.targets;
    programs = map (one: one.name) config.environment.systemPackages;
  }
