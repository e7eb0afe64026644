# finding: never-released
sed -i 's/^kept:.*/kept: readiness/' answers.yaml
