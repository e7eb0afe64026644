# finding: repository-owner
aws ecr create-repository --repository-name {{registry}}/ledger --image-tag-mutability IMMUTABLE --tags Key=team,Value=ledger Key=cost-center,Value=finance
