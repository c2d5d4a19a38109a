# The files of systemd/, rendered for one machine, and a drop-in for each service with what that
# machine decides: ports, folders, CPUs. Pure: a set of texts by their path below the unit folder.
{
  lib,
  facts,
  # For the placeholders of systemd/: root, python, pg_bin, state, host, user.
  fill,
  # One text for each of facts.targets that runs here, by name.
  apps,
  databases,
}:
let
  folder = ../systemd;

  render =
    path:
    lib.replaceStrings (map (name: "@${name}@") (lib.attrNames fill)) (lib.attrValues fill) (
      builtins.readFile path
    );

  # A service that does not run here has no unit here.
  absent = lib.filter (name: !apps ? ${name}) (lib.attrNames facts.targets);
  wanted =
    name:
    lib.hasPrefix "onecore" name && !lib.any (one: lib.hasPrefix "onecore-${one}.service" name) absent;

  # A file by its own name; a folder of drop-ins, or a link to one, by the files in it.
  texts =
    name:
    if lib.hasSuffix ".d" name then
      lib.mapAttrs' (
        file: _: lib.nameValuePair "${name}/${file}" (render (folder + "/${name}/${file}"))
      ) (builtins.readDir (folder + "/${name}"))
    else
      { ${name} = render (folder + "/${name}"); };

  shared = lib.mergeAttrsList (
    map texts (lib.filter wanted (lib.attrNames (builtins.readDir folder)))
  );

  dropIn = unit: name: text: lib.nameValuePair "${unit name}.service.d/50-machine.conf" text;
in
shared
// lib.mapAttrs' (dropIn (name: "onecore-${name}")) apps
// lib.mapAttrs' (dropIn (name: "onecore-postgres@${name}")) databases
// {
  # NixOS does not read [Install].
  "onecore.target.d/50-machine.conf" = ''
    [Unit]
    Wants=${
      lib.concatStringsSep " " (map (name: "onecore-${name}.service") (lib.attrNames apps))
    }
  '';
}
