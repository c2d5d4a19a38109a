# The module system, as far as one module of a service needs it, and as strict as the real one:
# an option that does not exist, a value of the wrong type and a missing value are errors.
{
  attrNames,
  concatLists ? builtins.concatLists,
  concatMap,
  concatStringsSep,
  elem,
  filter,
  genAttrs,
  head,
  length,
  mapAttrs,
  unique,
  ...
}:
let
  inherit (builtins) isAttrs isFunction isList;

  # --- definitions: a value, under conditions, merged with others, of a priority

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  kind = value: if isAttrs value then value._type or "" else "";

  discharge =
    priority: value:
    {
      "if" = if value.condition then discharge priority value.content else [ ];
      merge = concatMap (discharge priority) value.contents;
      override = discharge value.priority value.content;
    }
    .${kind value} or [ { inherit priority value; } ];

  # The same for a set, without asking whether a condition holds: it goes to every attribute.
  # Otherwise no condition could depend on the configuration that it is a part of.
  push =
    place: value:
    {
      "if" = map (mapAttrs (_: mkIf value.condition)) (push place value.content);
      merge = concatMap (push place) value.contents;
      override = map (mapAttrs (_: mkOverride value.priority)) (push place value.content);
    }
    .${kind value} or [ (checked "attribute set" isAttrs place value) ];

  # The values that count: those of the strongest (lowest) priority.
  strongest =
    definitions:
    let
      all = concatMap (discharge 100) definitions;
      best = builtins.foldl' (least: one: if one.priority < least then one.priority else least) 10000 all;
    in
    map (one: one.value) (filter (one: one.priority == best) all);

  # --- types: how the values given to one option become its value

  named = concatStringsSep ".";
  wrong =
    place: name: value:
    throw "A definition for option `${named place}' is not of type `${name}': ${
      builtins.toJSON (if isAttrs value || isFunction value then "a set or function" else value)
    }";
  checked =
    name: fits: place: value:
    if fits value then value else wrong place name value;

  # Takes one value; several must agree.
  scalar = name: fits: {
    inherit name;
    check = fits;
    merge =
      place: definitions:
      let
        values = unique (map (checked name fits place) (strongest definitions));
      in
      if length values == 1 then
        head values
      else
        throw "The option `${named place}' has conflicting definitions.";
  };
  whole = name: low: high: scalar name (value: builtins.isInt value && low <= value && value <= high);
  isPackage = value: isAttrs value && value.type or "" == "derivation";

  types = rec {
    bool = scalar "boolean" builtins.isBool;
    int = scalar "signed integer" builtins.isInt;
    str = scalar "string" builtins.isString;
    singleLineStr = strMatching "[^\n]*";
    package = scalar "package" isPackage;
    path = scalar "absolute path" (value: isPackage value || builtins.substring 0 1 (toString value) == "/");
    port = whole "16 bit unsigned integer" 0 65535;
    ints = {
      unsigned = whole "unsigned integer" 0 9223372036854775807;
      between = low: high: whole "integer between ${toString low} and ${toString high}" low high;
    };
    enum = values: scalar "one of ${builtins.toJSON values}" (value: elem value values);
    strMatching =
      pattern:
      scalar "string matching the pattern ${pattern}" (
        value: builtins.isString value && builtins.match pattern value != null
      );
    # The first type that the value is of.
    oneOf = choices: {
      name = "one of several types";
      merge =
        place: definitions:
        let
          value = head (strongest definitions);
          fitting = filter (choice: choice.check value) choices;
        in
        if fitting == [ ] then wrong place "one of several types" value else (head fitting).merge place definitions;
    };
    listOf = element: {
      name = "list of ${element.name}";
      check = isList;
      merge =
        place: definitions:
        concatLists (
          map (
            list:
            builtins.genList (index: element.merge (place ++ [ "[${toString index}]" ]) [ (builtins.elemAt list index) ]) (
              length list
            )
          ) (map (checked "list" isList place) (strongest definitions))
        );
    };
    attrsOf = element: {
      name = "attribute set of ${element.name}";
      merge =
        place: definitions:
        let
          sets = concatMap (push place) definitions;
          given = name: map (set: set.${name}) (filter (set: set ? ${name}) sets);
          # Not there at all when no condition for it holds.
          present = filter (name: concatMap (discharge 100) (given name) != [ ]) (
            unique (concatMap attrNames sets)
          );
        in
        genAttrs present (name: element.merge (place ++ [ name ]) (given name));
    };
    submodule = module: {
      name = "submodule";
      merge = place: definitions: configuration place module.options definitions;
    };
  };

  # --- options

  mkOption = attrs: { _type = "option"; } // attrs;
  isOption = value: kind value == "option";

  # A tree of options and what was defined for it -> the tree of their values.
  configuration =
    place: options: definitions:
    let
      sets = concatMap (push place) definitions;
      unknown = filter (name: !options ? ${name}) (concatMap attrNames sets);
      given = name: map (set: set.${name}) (filter (set: set ? ${name}) sets);
      value =
        name: option:
        let
          here = place ++ [ name ];
          mine = given name;
          nothing = concatMap (discharge 100) mine == [ ];
        in
        if !isOption option then
          configuration here option mine
        else if option.readOnly or false && length mine > 1 then
          throw "The option `${named here}' is read-only, but it's set multiple times."
        else if !nothing then
          option.type.merge here mine
        else if option ? default then
          option.type.merge here [ option.default ]
        else
          throw "The option `${named here}' was accessed but has no value defined.";
    in
    if unknown != [ ] then
      throw "The option `${named (place ++ [ (head unknown) ])}' does not exist."
    else
      mapAttrs value options;

  merge =
    first: second:
    first
    // mapAttrs (
      name: option:
      if !first ? ${name} then
        option
      else if isOption option || isOption first.${name} then
        throw "The option `${name}' is declared twice."
      else
        merge first.${name} option
    ) second;

  evalModules =
    {
      modules,
      specialArgs ? { },
    }:
    let
      open =
        module:
        let
          given = if isFunction module then module (specialArgs // { inherit config; }) else module;
          whole =
            if given ? options || given ? config then
              given
            else
              {
                imports = given.imports or [ ];
                config = removeAttrs given [ "imports" ];
              };
        in
        [ whole ] ++ concatMap open (whole.imports or [ ]);
      all = concatMap open modules;
      options = builtins.foldl' merge { } (map (module: module.options or { }) all);
      config = configuration [ ] options (map (module: module.config or { }) all);
    in
    {
      inherit config options;
    };
in
{
  inherit
    evalModules
    mkIf
    mkMerge
    mkOption
    mkOverride
    types
    concatLists
    ;
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  mkEnableOption =
    what:
    mkOption {
      type = types.bool;
      default = false;
      description = "Whether to enable ${what}.";
    };
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  any = builtins.any;
  all = builtins.all;
}
