# The files of systemd/, rendered for one machine, and a drop-in for each service with what that
# machine decides: ports, folders, CPUs. Pure: a set of texts by their path below the unit folder.
{
  lib,
  # For the placeholders of systemd/: root, python, pg_bin, state, host, user.
  fill,
  # One text for each target that runs here, by name, and one for each of their frameworks.
  apps,
  databases,
}:
let
  folder = ../systemd;

  render =
    path:
    let
      text = lib.replaceStrings (map (name: "@${name}@") (lib.attrNames fill)) (lib.attrValues fill) (
        builtins.readFile path
      );
      left = lib.filter builtins.isList (builtins.split "(@[a-z_]+@)" text);
    in
    if left == [ ] then text else throw "${toString path} asks for ${toString left}, which is unknown";

  # What units here are made of: the guard is the lab's own, for as long as it measures.
  wanted =
    name:
    lib.any (own: lib.hasPrefix own name) [
      "onecore.slice"
      "onecore.target"
      "onecore-.service.d"
      "onecore-app@"
      "onecore-postgres@"
    ];

  # What is for an ordinary user's manager is not for the machine's.
  # A file by its own name; a folder of drop-ins by the files in it.
  texts =
    name:
    if lib.hasSuffix ".d" name then
      lib.mapAttrs' (
        file: _: lib.nameValuePair "${name}/${file}" (render (folder + "/${name}/${file}"))
      ) (lib.filterAttrs (file: _: !lib.hasSuffix "-user.conf" file) (builtins.readDir (folder + "/${name}")))
    else
      { ${name} = render (folder + "/${name}"); };

  shared = lib.mergeAttrsList (
    map texts (lib.filter wanted (lib.attrNames (builtins.readDir folder)))
  );

  dropIn = unit: name: text: lib.nameValuePair "${unit name}.service.d/50-machine.conf" text;
in
shared
// lib.mapAttrs' (dropIn (name: "onecore-app@${name}")) apps
// lib.mapAttrs' (dropIn (name: "onecore-postgres@${name}")) databases
// {
  # NixOS does not read [Install].
  "onecore.target.d/50-machine.conf" = ''
    [Unit]
    Wants=${
      lib.concatStringsSep " " (map (name: "onecore-app@${name}.service") (lib.attrNames apps))
    }
  '';
}
