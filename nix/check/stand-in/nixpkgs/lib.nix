# The functions of nixpkgs' lib that the flake calls, written anew from their documentation.
let
  lists = {
    inherit (builtins)
      attrNames
      attrValues
      concatMap
      concatStringsSep
      elem
      filter
      head
      length
      listToAttrs
      mapAttrs
      tail
      ;
    take = count: list: if count == 0 || list == [ ] then [ ] else [ (lists.head list) ] ++ lists.take (count - 1) (lists.tail list);
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: list: if condition then list else [ ];
    optionalAttrs = condition: attrs: if condition then attrs else { };
    optionalString = condition: text: if condition then text else "";
    inherit (builtins) foldl';
    unique = builtins.foldl' (seen: one: if lists.elem one seen then seen else seen ++ [ one ]) [ ];
    flatten = value: if builtins.isList value then lists.concatMap lists.flatten value else [ value ];
    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: make: lists.listToAttrs (map (name: lists.nameValuePair name (make name)) names);
    filterAttrs =
      keep: attrs:
      removeAttrs attrs (lists.filter (name: !keep name attrs.${name}) (lists.attrNames attrs));
    mapAttrs' = make: attrs: lists.listToAttrs (map (name: make name attrs.${name}) (lists.attrNames attrs));
    mapAttrsToList = make: attrs: map (name: make name attrs.${name}) (lists.attrNames attrs);
    mergeAttrsList = builtins.foldl' (merged: one: merged // one) { };
  };

  strings = rec {
    inherit (builtins) replaceStrings;
    splitString = separator: text: lists.filter builtins.isString (builtins.split (escape separator) text);
    escape = replaceStrings [ "." "\n" "+" "*" ] [ "[.]" "\n" "[+]" "[*]" ];
    concatMapStringsSep = separator: make: list: lists.concatStringsSep separator (map make list);
    concatMapStrings = concatMapStringsSep "";
    concatLines = concatMapStrings (line: line + "\n");
    hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
    hasSuffix =
      suffix: text:
      let
        size = builtins.stringLength text;
        start = size - builtins.stringLength suffix;
      in
      start >= 0 && builtins.substring start size text == suffix;
    removePrefix =
      prefix: text:
      if hasPrefix prefix text then
        builtins.substring (builtins.stringLength prefix) (builtins.stringLength text) text
      else
        text;
    hasInfix = infix: text: lists.length (splitString infix text) > 1;
    removeSuffix =
      suffix: text:
      if hasSuffix suffix text then
        builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
      else
        text;
    fileContents = path: removeSuffix "\n" (builtins.readFile path);
    importTOML = path: fromTOML (builtins.readFile path);
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
    versions.major = version: lists.head (splitString "." version);
    makeSearchPath = folder: packages: lists.concatStringsSep ":" (map (one: "${one}/${folder}") packages);
    makeBinPath = makeSearchPath "bin";
    makeLibraryPath = makeSearchPath "lib";
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
  };

  others = {
    min = one: other: if one < other then one else other;
    max = one: other: if one > other then one else other;
    assertMsg = condition: message: condition || throw message;
    composeManyExtensions = builtins.foldl' (
      first: second: final: prev:
      let
        done = first final prev;
      in
      done // second final (prev // done)
    ) (_: prev: prev);
    licenses.mit = "MIT";
    platforms.linux = [ "x86_64-linux" "aarch64-linux" ];
  };
in
lists // strings // others // import ./modules.nix (lists // strings)
