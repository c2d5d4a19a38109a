# uv of the pinned version: the wheel that bench/bootstrap.sh takes, by the same hash.
{ pkgs }:
let
  inherit (pkgs) lib;
  pin = lib.importJSON ../bench/uv.json;
  wheel = pin.wheels.${pkgs.stdenv.hostPlatform.uname.processor};
in
pkgs.stdenv.mkDerivation {
  pname = "uv";
  inherit (pin) version;
  src = pkgs.fetchurl { inherit (wheel) url sha256; };
  dontUnpack = true;
  nativeBuildInputs = [
    pkgs.autoPatchelfHook
    pkgs.unzip
  ];
  buildInputs = [ pkgs.stdenv.cc.cc.lib ];
  installPhase = ''
    runHook preInstall
    mkdir -p $out/bin
    unzip -j $src 'uv-*.data/scripts/uv' -d $out/bin
    chmod 755 $out/bin/uv
    runHook postInstall
  '';
  meta.mainProgram = "uv";
}
