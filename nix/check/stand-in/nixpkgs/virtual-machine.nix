# The options that a test's virtual machine has beside those of NixOS.
{ lib, ... }:
let
  positive =
    default:
    lib.mkOption {
      type = lib.types.ints.between 1 1000000;
      inherit default;
    };
in
{
  options.virtualisation = {
    cores = positive 1;
    memorySize = positive 1024;
    diskSize = positive 1024;
  };
}
