source ~/names.env
aws ecr create-repository --repository-name $REPOSITORY --image-tag-mutability IMMUTABLE --image-scanning-configuration scanOnPush=true
