# finding: tags-can-move
aws ecr create-repository --repository-name app
