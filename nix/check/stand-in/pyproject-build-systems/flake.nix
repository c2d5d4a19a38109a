{
  description = "Stands in for build-system-pkgs";
  inputs.nixpkgs.url = "path:../nixpkgs";
  inputs.pyproject-nix.url = "path:../pyproject-nix";
  inputs.uv2nix.url = "path:../uv2nix";
  outputs =
    { nixpkgs, ... }:
    {
      overlays.wheel =
        _: _:
        nixpkgs.lib.genAttrs [ "setuptools" "wheel" "pbr" ] (
          name: nixpkgs.legacyPackages.x86_64-linux.writeTextDir name name
        );
    };
}
