# The packages that the flake names, and no others: a misspelt name is an error here, as in nixpkgs.
# Each is a derivation that can be evaluated, not built.
{ lib, system }:
let
  fake =
    name: attrs:
    derivation {
      inherit name system;
      builder = "/bin/sh";
    }
    // {
      pname = name;
      meta.mainProgram = name;
      overrideAttrs = change: fake name (attrs // change attrs);
    }
    // attrs;

  # A derivation whose inputs are those of the attributes given: what is forced in nixpkgs is
  # forced here.
  build =
    name: attrs:
    let
      inputs = removeAttrs attrs [
        "passthru"
        "meta"
      ];
      made = derivation {
        inherit name system;
        builder = "/bin/sh";
        args = [ (builtins.toJSON inputs) ];
      };
    in
    made
    // {
      pname = name;
      passthru = attrs.passthru or { };
      meta = attrs.meta or { };
      overrideAttrs = change: build name (attrs // change attrs);
    }
    // (attrs.passthru or { });

  tools = lib.genAttrs [
    "autoPatchelfHook"
    "bash"
    "coreutils"
    "curl"
    "gawk"
    "git"
    "gnumake"
    "nixfmt"
    "nixfmt-tree"
    "systemd"
    "unzip"
    "util-linux"
    "zlib"
  ] (name: fake name { version = "0"; });

  python = version: fake "python3" {
    inherit version;
    pythonVersion = lib.concatStringsSep "." (lib.take 2 (lib.splitString "." version));
    interpreter = "/stand-in/bin/python3";
    override = _: python version;
  };

  postgresql = version: fake "postgresql" { inherit version; };

  pkgs = tools // {
    inherit lib system;
    python312 = python "3.12.12";
    python313 = python "3.13.9";
    python314 = python "3.14.2";
    postgresql_17 = postgresql "17.10";
    postgresql_18 = postgresql "18.6";

    runtimeShell = "${tools.bash}/bin/bash";
    stdenv = {
      hostPlatform = {
        inherit system;
        uname.processor = lib.head (lib.splitString "-" system);
      };
      cc.cc.lib = fake "gcc-lib" { };
      mkDerivation = attrs: build "${attrs.pname}-${attrs.version}" attrs;
    };
    fetchurl = { url, sha256 ? "", hash ? "" }: assert sha256 != "" || hash != ""; fake (baseNameOf url) { };
    runCommand = name: attrs: script: build name (attrs // { inherit script; });
    symlinkJoin = attrs: build attrs.name attrs;
    writeTextFile = attrs: build attrs.name attrs;
    writeShellScriptBin = name: text: build name { inherit text; };
    writeTextDir = path: text: build (baseNameOf path) { inherit path text; };
    mkShell = attrs: build (attrs.name or "shell") attrs;
    callPackage = function: arguments: function (
      builtins.intersectAttrs (builtins.functionArgs function) pkgs // arguments
    );
    # The machines are evaluated as far as the stand-in knows NixOS.
    testers.runNixOSTest = test: build "vm-test-${test.name}" {
      inherit (test) name testScript;
      passthru = {
        inherit (test) testScript;
        nodes = lib.mapAttrs (
          _: node:
          lib.nixosSystem {
            inherit system;
            modules = [
              (import ./virtual-machine.nix)
              node
            ];
          }
        ) test.nodes;
      };
    };
  };
in
pkgs
