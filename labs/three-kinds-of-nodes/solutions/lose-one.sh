kubectl get nodes --label-columns kind > before.txt
aws ec2 terminate-instances --instance-ids $(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names own --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)
until kubectl get nodes --selector kind=own --no-headers | grep -vFf <(awk '/own$/ {print $1}' before.txt) | grep ' Ready'; do sleep 0.5; done
cat > nodes.yaml <<END
replaces-managed: auto-scaling
replaces-own: auto-scaling
starts-update: you
free-when-empty: fargate
no-daemonsets: fargate
END
