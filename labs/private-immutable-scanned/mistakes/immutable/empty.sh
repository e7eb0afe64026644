# finding: no-v1
aws ecr create-repository --repository-name app --image-tag-mutability IMMUTABLE
