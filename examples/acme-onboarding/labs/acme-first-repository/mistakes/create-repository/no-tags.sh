# finding: repository-owner
aws ecr create-repository --repository-name {{registry}}/checkout
