"""Reading Python without running it: a parser that knows newer grammars than ours, and an evaluator of constants."""
