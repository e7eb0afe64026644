# finding: not-in-ecr
aws ecr create-repository --repository-name site
