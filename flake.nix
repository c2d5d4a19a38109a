{
  description = "Onecore: what does one dedicated core buy you with FastAPI, Flask and Django REST Framework?";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    pyproject-nix = {
      url = "github:pyproject-nix/pyproject.nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    uv2nix = {
      url = "github:pyproject-nix/uv2nix";
      inputs.nixpkgs.follows = "nixpkgs";
      inputs.pyproject-nix.follows = "pyproject-nix";
    };
    pyproject-build-systems = {
      url = "github:pyproject-nix/build-system-pkgs";
      inputs.nixpkgs.follows = "nixpkgs";
      inputs.pyproject-nix.follows = "pyproject-nix";
      inputs.uv2nix.follows = "uv2nix";
    };
  };

  outputs =
    { self, nixpkgs, ... }@inputs:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      onecore = nixpkgs.lib.genAttrs systems (
        system:
        import ./nix {
          inherit inputs;
          pkgs = nixpkgs.legacyPackages.${system};
        }
      );
      each = output: nixpkgs.lib.mapAttrs (_: outputs: outputs.${output}) onecore;
    in
    {
      packages = each "packages";
      apps = each "apps";
      devShells = each "devShells";
      checks = each "checks";
      formatter = each "formatter";
      nixosModules.default = import ./nix/module.nix self;
    };
}
