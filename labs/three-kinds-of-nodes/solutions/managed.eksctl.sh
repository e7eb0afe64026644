eksctl create nodegroup --cluster harbor --name second --node-labels kind=managed --nodes 1 --node-type t3.small
