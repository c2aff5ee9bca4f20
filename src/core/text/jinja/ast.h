// The tree of a parsed template.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/text/jinja/value.h"

namespace dormouse::text::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class ExpressionKind {
  kConstant,   // constant
  kName,       // name
  kList,       // children
  kTuple,      // children
  kDict,       // children: key, value, key, value ...
  kUnary,      // name: "-" "+" "not"; children[0]
  kBinary,     // name: "+" "-" "*" "/" "//" "%" "**" "~" "and" "or"; children[0], children[1]
  kCompare,    // children[0] operators[0] children[1] operators[1] ...
  kTernary,    // children: value, condition, otherwise (may be null)
  kAttribute,  // children[0] . name
  kItem,       // children[0] [ children[1] ]
  kSlice,      // children[0] [ begin : end : step ], each may be null
  kCall,       // children[0] ( children[1...], named )
  kFilter,     // children[0] | name ( children[1...], named ); children[0] is null in `{% filter %}` and `{% set
               // %}`
  kTest,       // children[0] is name ( children[1...], named )
};

struct Expression {
  ExpressionKind kind;
  int line = 0;
  Value constant;
  std::string name;
  std::vector<ExpressionPtr> children;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  std::vector<std::string> operators;
};

struct Statement;
using Block = std::vector<Statement>;

enum class StatementKind {
  kText,        // text
  kOutput,      // value
  kIf,          // value, body, otherwise
  kFor,         // target in value [if condition]: body; otherwise
  kSet,         // target = value
  kSetBlock,    // target = body, through the filters in value (may be null)
  kMacro,       // name, parameters, body
  kCall,        // call value (a kCall expression) with the caller (parameters, body)
  kFilter,      // value: the filters; body
  kWith,        // assignments, body
  kGeneration,  // body: the assistant's words
  kBreak,
  kContinue,
};

/// What is assigned to: a name, `namespace.attribute`, or several of them.
struct Target {
  std::vector<std::string> names;
  std::string attribute;  // of names[0]
  bool unpack = false;
};

struct Parameter {
  std::string name;
  ExpressionPtr fallback;  // may be null
};

struct Statement {
  Statement(StatementKind what, int where) : kind(what), line(where) {}

  StatementKind kind;
  int line;
  std::string text;
  ExpressionPtr value, condition;
  Target target;
  Block body, otherwise;
  std::vector<Parameter> parameters;
  std::vector<std::pair<std::string, ExpressionPtr>> assignments;
  bool recursive = false;
};

}  // namespace dormouse::text::jinja
