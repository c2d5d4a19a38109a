# A machine that boots the module, answers on every port, and measures all targets.
{
  pkgs,
  facts,
  lab,
  self,
}:
let
  inherit (pkgs) lib;
  names = facts.default;
  ports = map (name: toString facts.targets.${name}.http.port) names;
in
pkgs.testers.runNixOSTest {
  name = "onecore";

  nodes.machine = {
    imports = [ self.nixosModules.default ];
    services.onecore = {
      enable = true;
      package = lab;
    };
    environment.systemPackages = [ pkgs.curl ];
    virtualisation = {
      cores = 2;
      memorySize = 4096;
      diskSize = 8192;
    };
  };

  testScript = ''
    import json

    machine.wait_for_unit("onecore.target")
    for port in [${lib.concatStringsSep ", " ports}]:
        machine.wait_until_succeeds(f"curl --fail --silent http://${facts.host}:{port}/readyz")

    # The lab starts the services itself, each on its core.
    machine.succeed("systemctl stop onecore.target onecore.slice")
    # Short, and on a virtual machine: what is measured here says nothing about any framework.
    machine.succeed("PROFILE=quick ROUNDS=1 WORKLOAD=read onecore bench >&2")

    folder = machine.succeed("ls -d /var/lib/onecore-results/*/").strip()
    run = json.loads(machine.succeed(f"cat {folder}/run.json"))
    assert run["state"] == "complete", run["state"]
    assert run["provenance"]["machine"]["python_store_path"].startswith("${builtins.storeDir}")
    cells = [json.loads(line) for line in machine.succeed(f"cat {folder}/rounds.jsonl").splitlines()]
    assert sorted(cell["target"] for cell in cells) == ${builtins.toJSON names}, cells
    for cell in cells:
        assert not cell["unfit"] and cell["phases"][0]["load"]["succeeded"] > 0, cell

    machine.fail("pgrep postgres")
    machine.succeed("systemctl start onecore.target")
    machine.wait_until_succeeds("curl --fail --silent http://${facts.host}:${lib.head ports}/readyz")
    machine.succeed("systemctl stop onecore.target onecore.slice")
    machine.fail("pgrep postgres")
  '';
}
