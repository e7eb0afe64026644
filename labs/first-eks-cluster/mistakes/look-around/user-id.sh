# finding: wrong-account
# from: after
# The user id stands beside the account id and looks as important.
sed -i "s/^account:.*/account: $(aws sts get-caller-identity --query UserId --output text)/" answers.yaml
