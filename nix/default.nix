# All outputs for one kind of machine. Each file beside this one makes one thing.
{ inputs, pkgs }:
let
  inherit (pkgs) lib;
  facts = import ./facts.nix lib;
  # The names nixpkgs gives to what the project has pinned. `checks.pins` fails when they differ.
  interpreter = pkgs.python313;
  postgresql = pkgs.postgresql_18;

  python = import ./python.nix { inherit inputs pkgs interpreter; };
  uv = import ./uv.nix { inherit pkgs; };
  lab = import ./lab.nix {
    inherit pkgs postgresql facts;
    inherit (inputs) self;
    python = python.runtime;
  };
in
{
  packages = {
    default = lab;
    inherit lab postgresql;
    python = python.runtime;
  };

  apps = lib.genAttrs [ "default" "bench" ] (_: {
    type = "app";
    program = "${lab}/bin/onecore";
    meta.description = "The lab's command line; --help lists its verbs";
  });

  devShells = import ./shells.nix {
    inherit pkgs postgresql interpreter uv;
    python = python.development;
  };

  checks = import ./checks.nix {
    inherit
      pkgs
      facts
      interpreter
      postgresql
      lab
      ;
    inherit (inputs) self;
    python = python.development;
  };

  formatter = pkgs.nixfmt-tree;
}
