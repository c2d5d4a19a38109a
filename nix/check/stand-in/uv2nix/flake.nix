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
          # The markers that occur, for CPython on Linux. Another one is to be added here.
          holds = {
            "implementation_name == 'pypy'" = false;
            "platform_python_implementation != 'PyPy'" = true;
            "platform_python_implementation == 'CPython'" = true;
            "sys_platform == 'linux'" = true;
          };
          wanted = lib.filter (
            dependency:
            !dependency ? marker
            || holds.${dependency.marker} or (throw "the stand-in for uv2nix does not know the marker ${dependency.marker}")
          );
        in
        {
          deps = {
            default = lib.mapAttrs (_: _: [ ]) projects;
            all = lib.mapAttrs (_: package: lib.attrNames (package.dev-dependencies or { })) projects;
          };
          mkPyprojectOverlay =
            { sourcePreference }:
            assert sourcePreference == "wheel";
            _: prev:
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
                # Names, each with the extras asked of it, of what it needs by itself and for extras
                # or groups.
                passthru.version = package.version;
                passthru.requires =
                  more:
                  wanted (
                    (package.dependencies or [ ])
                    ++ lib.concatMap (
                      one: (package.optional-dependencies or { }).${one} or package.dev-dependencies.${one}
                    ) more
                  );
              }
            ) locked;
        };
    };
}
