# The lab as a command: its source, byte-compiled, with this Python and this PostgreSQL.
{
  pkgs,
  python,
  postgresql,
  facts,
  self,
}:
let
  inherit (pkgs) lib;
  # All that it calls by name, so that a unit's short PATH suffices.
  tools = [
    pkgs.bash
    pkgs.coreutils
    pkgs.git
    pkgs.util-linux
  ];
in
pkgs.runCommand "onecore-${facts.project.project.version}"
  {
    # What the NixOS module and the checks build upon.
    passthru = { inherit python postgresql; };
    meta = {
      description = "A reproducible bare-metal benchmark lab for Python web frameworks";
      license = lib.licenses.mit;
      mainProgram = "onecore";
      platforms = lib.platforms.linux;
    };
  }
  ''
    root=$out/share/onecore
    mkdir -p $root $out/bin
    cp -r ${../bench} $root/bench
    cp -r ${../services} $root/services
    cp -r ${../systemd} $root/systemd
    chmod -R u+w $root
    cp ${../uv.lock} $root/uv.lock
    cp ${../flake.lock} $root/flake.lock
    # There is no git here to ask; results name this commit instead.
    echo '${self.rev or self.dirtyRev or "unknown"}' > $root/COMMIT
    # By content, not by time: every file in the store has the same time.
    ${python}/bin/python -m compileall -q --invalidation-mode unchecked-hash $root
    substitute ${./onecore.sh} $out/bin/onecore \
      --subst-var-by shell ${pkgs.runtimeShell} \
      --subst-var-by root $root \
      --subst-var-by python ${python} \
      --subst-var-by postgresql ${postgresql} \
      --subst-var-by tools ${lib.makeBinPath tools}
    chmod 755 $out/bin/onecore
  ''
