# finding: old-nodes
true
