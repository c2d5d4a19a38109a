{
  description = "Stands in for uv2nix: reads the real uv.lock, makes packages that cannot be built";
  inputs.nixpkgs.url = "path:../nixpkgs";
  inputs.pyproject-nix.url = "path:../pyproject-nix";
  outputs =
    { nixpkgs, ... }:
    let
      inherit (nixpkgs) lib;
    in
    {
      lib.workspace.loadWorkspace =
        { workspaceRoot }:
        let
          lock = lib.importTOML (workspaceRoot + "/uv.lock");
          locked = lib.listToAttrs (map (package: lib.nameValuePair package.name package) lock.package);
          projects = lib.filterAttrs (_: package: package.source ? virtual) locked;
          names = map (dependency: dependency.name);
        in
        {
          deps = {
            default = lib.mapAttrs (_: _: [ ]) projects;
            all = lib.mapAttrs (_: package: lib.attrNames (package.dev-dependencies or { })) projects;
          };
          mkPyprojectOverlay =
            { sourcePreference }:
            assert sourcePreference == "wheel";
            final: prev:
            prev
            // lib.mapAttrs (
              name: package:
              nixpkgs.legacyPackages.x86_64-linux.stdenv.mkDerivation {
                pname = name;
                inherit (package) version;
                # Every file has the hash by which Nix would fetch it.
                sources = map (file: file.hash) (
                  (package.wheels or [ ]) ++ lib.optional (package ? sdist) package.sdist
                );
                passthru.closure =
                  groups:
                  map (one: final.${one}) (
                    names (package.dependencies or [ ])
                    ++ lib.concatMap (group: names package.dev-dependencies.${group}) groups
                  );
              }
            ) locked;
        };
    };
}
