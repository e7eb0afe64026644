# finding: never-scaled
true
