# finding: tags-can-move
aws ecr create-repository --repository-name {{registry}}/ledger --tags Key=team,Value=ledger Key=cost-center,Value=4712
