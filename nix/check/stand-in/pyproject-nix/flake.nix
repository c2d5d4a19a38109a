{
  description = "Stands in for pyproject.nix";
  inputs.nixpkgs.url = "path:../nixpkgs";
  outputs =
    { nixpkgs, ... }:
    let
      inherit (nixpkgs) lib;
      scope =
        pkgs: python: overlay:
        let
          self = overlay self base;
          base = {
            inherit python;
            resolveBuildSystem = systems: map (name: self.${name}) (lib.attrNames systems);
            mkVirtualEnv =
              name: wanted:
              pkgs.stdenv.mkDerivation {
                pname = name;
                version = "0";
                contents = map (project: self.${project}.closure wanted.${project}) (lib.attrNames wanted);
              };
          };
        in
        self // { overrideScope = more: scope pkgs python (lib.composeManyExtensions [ overlay more ]); };
    in
    {
      build.packages = { python, stdenv }: scope { inherit stdenv; } python (_: prev: prev);
    };
}
