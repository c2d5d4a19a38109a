# The options of NixOS that the module sets, as NixOS types them. Setting any other is an error.
{ lib }:
let
  inherit (lib) mkOption types;
  option =
    type: default:
    mkOption { inherit type default; };
  list = type: option (types.listOf type) [ ];
  set = type: option (types.attrsOf type) { };

  setting = types.oneOf [
    types.bool
    types.int
    types.str
    (types.listOf types.str)
  ];

  unitName = types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|target|path|timer|scope|slice|mount|device)";
  unit = {
    description = option types.singleLineStr "";
    after = list unitName;
    before = list unitName;
    partOf = list unitName;
    requires = list unitName;
    wants = list unitName;
    wantedBy = list unitName;
    unitConfig = set setting;
    overrideStrategy = option (types.enum [
      "asDropinIfExists"
      "asDropin"
    ]) "asDropinIfExists";
  };
in
{
  options = {
    assertions = list (types.submodule {
      options = {
        assertion = mkOption { type = types.bool; };
        message = mkOption { type = types.str; };
      };
    });
    boot.kernelParams = list (types.strMatching ''([^"[:space:]]|"[^"]*")+'');
    environment.systemPackages = list types.package;
    users.groups = set (types.submodule { options = { }; });
    users.users = set (types.submodule {
      options = {
        description = option types.singleLineStr "";
        group = option types.str "";
        isSystemUser = option types.bool false;
      };
    });
    systemd = {
      packages = list types.package;
      services = set (types.submodule {
        options = unit // {
          environment = set types.str;
          serviceConfig = set setting;
        };
      });
      targets = set (types.submodule { options = unit; });
      tmpfiles.rules = list types.str;
    };
  };
}
