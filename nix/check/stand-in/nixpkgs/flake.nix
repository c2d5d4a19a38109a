{
  description = "Stands in for nixpkgs, so that the flake can be evaluated without a network";
  outputs =
    { self }:
    let
      lib = import ./lib.nix;
    in
    {
      # As the real one: what belongs to a whole NixOS stands beside lib's own functions.
      lib = lib // {
        nixosSystem =
          { system, modules }:
          lib.evalModules {
            modules = [ (import ./nixos.nix { inherit lib; }) ] ++ modules;
            specialArgs = {
              inherit lib;
              pkgs = self.legacyPackages.${system};
            };
          };
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system:
        import ./packages.nix {
          inherit system;
          inherit (self) lib;
        }
      );
    };
}
