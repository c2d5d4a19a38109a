# Python with everything in uv.lock, each wheel fetched by the hash that stands there.
{
  inputs,
  pkgs,
  interpreter,
}:
let
  inherit (pkgs) lib;
  workspace = inputs.uv2nix.lib.workspace.loadWorkspace { workspaceRoot = ../.; };

  # What wheels take from the system (libz, libstdc++) uv2nix adds by their tags: nixpkgs has lists
  # of what a manylinux wheel may expect.
  mend = final: prev: {
    # It has no wheel for aarch64-linux, and its source does not name what builds it.
    hdrhistogram = prev.hdrhistogram.overrideAttrs (old: {
      nativeBuildInputs =
        (old.nativeBuildInputs or [ ])
        ++ final.resolveBuildSystem {
          setuptools = [ ];
          pbr = [ ];
        };
    });
  };

  packages =
    (pkgs.callPackage inputs.pyproject-nix.build.packages { python = interpreter; }).overrideScope
      (
        lib.composeManyExtensions [
          inputs.pyproject-build-systems.overlays.wheel
          (workspace.mkPyprojectOverlay { sourcePreference = "wheel"; })
          mend
        ]
      );
in
{
  runtime = packages.mkVirtualEnv "onecore-python" workspace.deps.default;
  development = packages.mkVirtualEnv "onecore-python-dev" workspace.deps.all;
}
