# NixOS: the services and their databases as system units, from the files in systemd/.
#
#     imports = [ onecore.nixosModules.default ];
#     services.onecore.enable = true;
self:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.onecore;
  facts = import ./facts.nix lib;
  known = lib.attrNames facts.targets;

  cpuSet = types.listOf types.ints.unsigned;
  listed = cpus: lib.concatStringsSep "," (map toString cpus);
  joined = lib.concatStringsSep " ";
  isolated = listed cfg.tuning.isolatedCpus;

  # The lab keeps a block of ports apart from every other, and so are its folders.
  state = "${cfg.dataDir}/${
    if cfg.portOffset == 0 then "default" else "offset-${toString cfg.portOffset}"
  }";

  ports = lib.genAttrs cfg.targets (name: {
    http = facts.targets.${name}.http.port + cfg.portOffset;
    database = facts.targets.${name}.database.port + cfg.portOffset;
  });
  frameworks = lib.unique (map (name: facts.targets.${name}.framework) cfg.targets);
  ofFramework = framework: lib.filter (name: facts.targets.${name}.framework == framework) cfg.targets;
  databasePort = framework: facts.frameworks.${framework}.database.port + cfg.portOffset;
  allPorts = map (one: one.http) (lib.attrValues ports) ++ map databasePort frameworks;

  environment = {
    ONECORE_STATE = cfg.dataDir;
    ONECORE_RESULTS = cfg.resultsDir;
    ONECORE_USER = cfg.user;
    PORT_OFFSET = toString cfg.portOffset;
  };
  path = lib.makeBinPath [ pkgs.coreutils ];

  # For whoever logs in: the same lab, with its folders and ports.
  command = pkgs.writeShellScriptBin "onecore" ''
    ${lib.concatLines (
      lib.mapAttrsToList (name: value: "export ${name}=${lib.escapeShellArg value}") environment
    )}
    exec ${cfg.package}/bin/onecore "$@"
  '';
  onecore = "${command}/bin/onecore";

  pinned =
    cpus:
    lib.optionalString (cpus != [ ]) ''
      CPUAffinity=${listed cpus}
      AllowedCPUs=${listed cpus}
    '';

  root = "${cfg.package}/share/onecore";
  python = "${cfg.package.python}/bin/python";

  # A command of service.toml as a unit file has it; bench/supervise/systemd/units.py does the same.
  commandLine =
    name: command:
    lib.concatMapStringsSep " " (
      word:
      quoted (
        lib.replaceStrings
          [ "{python}" "{host}" "{port}" "$" ]
          [ python facts.host (toString ports.${name}.http) "$$" ]
          word
      )
    ) command;
  quoted =
    word:
    "\"${lib.replaceStrings [ "\\" "\"" "%" ] [ "\\\\" "\\\"" "%%" ] word}\"";
  setting = values: name: "Environment=${quoted "${name}=${values.${name}}"}\n";

  app = name: ''
    [Unit]
    Wants=onecore-postgres@${facts.targets.${name}.framework}.service
    After=onecore-postgres@${facts.targets.${name}.framework}.service

    [Service]
    WorkingDirectory=${root}/services/${facts.targets.${name}.framework}
    ${lib.optionalString (facts.targets.${name} ? migrate)
      "ExecStartPre=${commandLine name facts.targets.${name}.migrate}"
    }
    ExecStart=${commandLine name facts.targets.${name}.serve}
    ${lib.concatMapStrings (setting facts.targets.${name}.environment) (
      lib.attrNames facts.targets.${name}.environment
    )}
    Environment=ONECORE_TARGET=${name}
    Environment=PATH=${path}
    Environment=PORT=${toString ports.${name}.http}
    Environment=DATABASE_URL=postgresql://${facts.databaseUser}@${facts.host}:${toString ports.${name}.database}/${
      facts.targets.${name}.database.name
    }
    ${pinned (cfg.cpus.apps.${name} or [ ])}'';

  database = framework: ''
    [Unit]
    Requires=onecore-prepare.service
    After=onecore-prepare.service

    [Service]
    Environment=PATH=${path}
    Environment=PORT=${toString (databasePort framework)}
    Environment=PGDATA=${state}/postgres/${framework}
    # Started is a server when it has its role and its targets' databases.
    ExecStartPost=${onecore} provision --framework ${lib.concatStringsSep "," (ofFramework framework)}
    ${pinned cfg.cpus.databases}'';

  units = import ./units.nix {
    inherit lib;
    fill = {
      inherit state;
      inherit (cfg) user;
      inherit (facts) host;
      inherit root python;
      pg_bin = "${cfg.package.postgresql}/bin";
    };
    apps = lib.genAttrs cfg.targets app;
    databases = lib.genAttrs frameworks database;
  };
in
{
  options.services.onecore = {
    enable = lib.mkEnableOption "the Onecore lab: web frameworks, each with its own PostgreSQL and core";

    package = mkOption {
      type = types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.lab;
      defaultText = lib.literalExpression "onecore.packages.\${system}.lab";
      description = "The lab. It brings its Python and its PostgreSQL.";
    };

    targets = mkOption {
      type = types.listOf (types.enum known);
      inherit (facts) default;
      description = "What runs here: the standard targets when nobody says otherwise.";
    };

    portOffset = mkOption {
      type = types.ints.between (1024 - lib.foldl' lib.min 65535 facts.ports) (65535 - lib.foldl' lib.max 0 facts.ports);
      default = 0;
      description = "Moves all ports as a block, as PORT_OFFSET does.";
    };

    ports = mkOption {
      type = types.attrsOf (types.attrsOf types.port);
      readOnly = true;
      description = "Where each target and its database listen, on ${facts.host} alone.";
    };

    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/onecore";
      description = "Databases, logs and passwords.";
    };

    resultsDir = mkOption {
      type = types.path;
      default = "/var/lib/onecore-results";
      description = "What was measured.";
    };

    user = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]*";
      default = "onecore";
      description = "Whom the services and databases run as. It is made when it is `onecore`.";
    };

    cpus.apps = mkOption {
      type = types.attrsOf cpuSet;
      default = { };
      example = {
        fastapi = [ 2 ];
        flask = [ 4 ];
        drf = [ 6 ];
      };
      description = "CPUs of each app. `onecore bench` places them itself, from the topology.";
    };

    cpus.databases = mkOption {
      type = cpuSet;
      default = [ ];
      example = [
        0
        1
      ];
      description = "CPUs of all databases.";
    };

    tuning.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Set what `onecore doctor` names (governor, turbo, interrupts), and put it back on stop.";
    };

    tuning.isolatedCpus = mkOption {
      type = cpuSet;
      default = [ ];
      example = [
        2
        4
        6
      ];
      description = "CPUs that the kernel keeps its own work from. Takes a restart.";
    };

    tuning.tickless = mkOption {
      type = types.bool;
      default = false;
      description = "Keep the kernel's timer from the isolated CPUs as well. Each entry to the kernel becomes dearer.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.onecore = { inherit ports; };

    assertions = [
      {
        assertion = lib.length allPorts == lib.length (lib.unique allPorts);
        message = "services.onecore: two of the services share a port: ${joined (map toString allPorts)}.";
      }
      {
        # As the lab itself has it: the services' user may not listen below 1024.
        assertion = lib.all (port: 1024 <= port && port <= 65535) allPorts;
        message = "services.onecore.portOffset moves a port out of 1024..65535.";
      }
      {
        assertion = lib.all (name: lib.elem name cfg.targets) (lib.attrNames cfg.cpus.apps);
        message = "services.onecore.cpus.apps names what does not run here; targets: ${joined cfg.targets}.";
      }
      {
        assertion = !lib.any (cpu: lib.elem cpu cfg.cpus.databases) (
          lib.concatLists (lib.attrValues cfg.cpus.apps)
        );
        message = "services.onecore.cpus: an app shares a CPU with the databases.";
      }
      {
        assertion = cfg.tuning.tickless -> isolated != "";
        message = "services.onecore.tuning.tickless needs the CPUs named in tuning.isolatedCpus.";
      }
    ];

    users.users = lib.mkIf (cfg.user == "onecore") {
      onecore = {
        isSystemUser = true;
        group = "onecore";
        description = "Runs the services that are measured";
      };
    };
    users.groups = lib.mkIf (cfg.user == "onecore") { onecore = { }; };

    environment.systemPackages = [ command ];

    systemd.tmpfiles.rules = [
      "d ${cfg.dataDir} 0755 ${cfg.user} - -"
      "d ${state} 0755 ${cfg.user} - -"
      "d ${cfg.resultsDir} 0755 root - -"
    ];

    systemd.packages = [
      (pkgs.symlinkJoin {
        name = "onecore-units";
        paths = lib.mapAttrsToList (
          file: text:
          pkgs.writeTextFile {
            name = "onecore-unit";
            destination = "/lib/systemd/system/${file}";
            inherit text;
          }
        ) units;
        passthru = { inherit units; };
      })
    ];

    systemd.targets.onecore = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
    };

    # Hardened and accounted for like its siblings, by the name they share.
    systemd.services.onecore-prepare = {
      description = "Onecore: passwords and folders of the databases";
      partOf = [ "onecore.target" ];
      inherit environment;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${onecore} prepare";
        BindPaths = [ (toString cfg.dataDir) ];
      };
    };

    # Its name is no sibling's: it needs root.
    systemd.services.tune-onecore = lib.mkIf cfg.tuning.enable {
      description = "Kernel settings for measuring";
      wantedBy = [ "multi-user.target" ];
      inherit environment;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${onecore} tune";
        ExecStop = "${onecore} untune";
      };
    };

    boot.kernelParams =
      lib.optional (isolated != "") "isolcpus=domain,managed_irq,${isolated}"
      ++ lib.optionals cfg.tuning.tickless [
        "nohz_full=${isolated}"
        "rcu_nocbs=${isolated}"
      ];
  };
}
