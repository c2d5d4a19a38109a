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
          # All that the projects' extras or groups need, the projects themselves left out.
          closure =
            wanted:
            let
              item = name: more: {
                key = toString ([ name ] ++ more);
                inherit name more;
              };
            in
            lib.filter (one: !wanted ? ${one.name}) (
              builtins.genericClosure {
                startSet = map (project: item project wanted.${project}) (lib.attrNames wanted);
                operator =
                  one: map (needed: item needed.name (needed.extra or [ ])) (self.${one.name}.requires one.more);
              }
            );
          base = {
            inherit python;
            resolveBuildSystem = systems: map (name: self.${name}) (lib.attrNames systems);
            mkVirtualEnv =
              name: wanted:
              let
                contents = lib.unique (map (one: one.name) (closure wanted));
              in
              pkgs.stdenv.mkDerivation {
                pname = name;
                version = "0";
                contents = map (one: self.${one}) contents;
                passthru.versions = lib.genAttrs contents (one: self.${one}.version);
              };
          };
        in
        self // { overrideScope = more: scope pkgs python (lib.composeManyExtensions [ overlay more ]); };
    in
    {
      build.packages = { python, stdenv }: scope { inherit stdenv; } python (_: prev: prev);
    };
}
