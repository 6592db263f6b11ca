"""How a challenger becomes champion: rules, the rows both meet on, the switch and its ledger."""
