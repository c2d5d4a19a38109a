# All outputs for one kind of machine. Each file beside this one makes one thing.
{ inputs, pkgs }:
let
  inherit (pkgs) lib;
  facts = import ./facts.nix lib;
  # The names nixpkgs gives to what the project has pinned. `checks.pins` fails when they differ.
  interpreter = pkgs.python313;
  postgresql = pkgs.postgresql_18;

  # nixpkgs builds it reproducibly, and so without profiles (PGO), slower than what people run.
  # This one is compiled where it is wanted, once: docs/nixos.md.
  optimisedInterpreter = interpreter.override {
    enableOptimizations = true;
    reproducibleBuild = false;
    self = optimisedInterpreter;
  };

  madeWith =
    interpreter:
    let
      python = import ./python.nix { inherit inputs pkgs interpreter; };
    in
    {
      inherit python;
      lab = import ./lab.nix {
        inherit pkgs postgresql facts;
        inherit (inputs) self;
        python = python.runtime;
      };
      shells = import ./shells.nix {
        inherit
          pkgs
          postgresql
          interpreter
          uv
          ;
        python = python.development;
      };
    };

  uv = import ./uv.nix { inherit pkgs; };
  usual = madeWith interpreter;
  optimised = madeWith optimisedInterpreter;
  inherit (usual) lab python;
in
{
  packages = {
    default = lab;
    inherit lab postgresql;
    python = python.runtime;
    lab-optimised = optimised.lab;
  };

  apps = lib.genAttrs [ "default" "bench" ] (_: {
    type = "app";
    program = "${lab}/bin/onecore";
    meta.description = "The lab's command line; --help lists its verbs";
  });

  devShells = usual.shells // {
    optimised = optimised.shells.default;
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
