# finding: tags-can-change
source ~/names.env
aws ecr create-repository --repository-name $REPOSITORY --image-scanning-configuration scanOnPush=true
