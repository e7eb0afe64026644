import { afterAll, beforeAll, describe, it } from 'vitest'
import type { KubectlCluster } from '../kubernetes-server.ts'
import { transcript } from '../transcript.ts'
import { desk } from './desk.ts'

// Source: what test/cmd/rbac.sh, authorization.sh, auth_whoami.sh and testdata/authorization.txtar of kubernetes/kubernetes assert.

const FILES = {}

let cluster: KubectlCluster
beforeAll(async () => {
  cluster = await desk(FILES)
})
afterAll(() => cluster.close())

describe('kubectl and', () => {
  it('roles and bindings are made by commands', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl create clusterrole pod-admin --verb='*' --resource=pods
      clusterrole.rbac.authorization.k8s.io/pod-admin created
      $ kubectl get clusterrole pod-admin -o jsonpath='{.rules}{"\n"}'
      [{"apiGroups":[""],"resources":["pods"],"verbs":["*"]}]
      $ kubectl delete clusterrole pod-admin -n test
      Warning: deleting cluster-scoped resources, not scoped to the provided namespace
      clusterrole.rbac.authorization.k8s.io "pod-admin" deleted
      $ kubectl create clusterrole reader --verb=get,list --resource=pods,deployments.apps
      clusterrole.rbac.authorization.k8s.io/reader created
      $ kubectl get clusterrole reader -o jsonpath='{.rules}{"\n"}'
      [{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]},{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list"]}]
      $ kubectl create clusterrole named --verb=get,list --resource=pods --resource-name=foo
      clusterrole.rbac.authorization.k8s.io/named created
      $ kubectl create clusterrole urls --verb=get --non-resource-url='/logs/*' --non-resource-url='/healthz/*'
      clusterrole.rbac.authorization.k8s.io/urls created
      $ kubectl create clusterrole all --aggregation-rule='crew=one'
      clusterrole.rbac.authorization.k8s.io/all created
      $ kubectl describe clusterrole named urls all
      Name:         named
      Labels:       <none>
      Annotations:  <none>
      PolicyRule:
        Resources  Non-Resource URLs  Resource Names  Verbs
        ---------  -----------------  --------------  -----
        pods       []                 [foo]           [get list]


      Name:         urls
      Labels:       <none>
      Annotations:  <none>
      PolicyRule:
        Resources  Non-Resource URLs  Resource Names  Verbs
        ---------  -----------------  --------------  -----
                   [/healthz/*]       []              [get]
                   [/logs/*]          []              [get]


      Name:         all
      Labels:       <none>
      Annotations:  <none>
      PolicyRule:
        Resources  Non-Resource URLs  Resource Names  Verbs
        ---------  -----------------  --------------  -----
      $ kubectl create clusterrolebinding super --clusterrole=admin --user=ann
      clusterrolebinding.rbac.authorization.k8s.io/super created
      $ kubectl set subject clusterrolebinding super --user=ben
      clusterrolebinding.rbac.authorization.k8s.io/super subjects updated
      $ kubectl set subject clusterrolebinding super --user=ben
      $ kubectl create clusterrolebinding groups --clusterrole=admin --group=one --group=two
      clusterrolebinding.rbac.authorization.k8s.io/groups created
      $ kubectl create clusterrolebinding robots --clusterrole=admin --serviceaccount=bay:robot
      clusterrolebinding.rbac.authorization.k8s.io/robots created
      $ kubectl set subject clusterrolebinding robots --serviceaccount=bay:other
      clusterrolebinding.rbac.authorization.k8s.io/robots subjects updated
      $ kubectl set subject clusterrolebinding robots --serviceaccount=other
      error: serviceaccount must be <namespace>:<name>
      [exit 1]
      $ kubectl get clusterrolebinding super groups robots -o wide
      NAME     ROLE                AGE   USERS      GROUPS     SERVICEACCOUNTS
      super    ClusterRole/admin   …    ann, ben              
      groups   ClusterRole/admin   …               one, two   
      robots   ClusterRole/admin   …                          bay/robot, bay/other
      $ kubectl describe clusterrolebinding robots
      Name:         robots
      Labels:       <none>
      Annotations:  <none>
      Role:
        Kind:  ClusterRole
        Name:  admin
      Subjects:
        Kind            Name   Namespace
        ----            ----   ---------
        ServiceAccount  robot  bay
        ServiceAccount  other  bay
      $ kubectl create rolebinding admins --clusterrole=admin --user=ann
      rolebinding.rbac.authorization.k8s.io/admins created
      $ kubectl create rolebinding local --role=local --group=one
      rolebinding.rbac.authorization.k8s.io/local created
      $ kubectl create rolebinding both --role=local --clusterrole=admin
      error: exactly one of clusterrole or role must be specified
      [exit 1]
      $ kubectl set subject rolebinding --all --user=everyone
      rolebinding.rbac.authorization.k8s.io/admins subjects updated
      rolebinding.rbac.authorization.k8s.io/local subjects updated
      $ kubectl get rolebinding -o wide
      NAME     ROLE                AGE   USERS           GROUPS   SERVICEACCOUNTS
      admins   ClusterRole/admin   …    ann, everyone            
      local    Role/local          …    everyone        one      
      $ kubectl create role pods --verb='*' --resource=pods
      role.rbac.authorization.k8s.io/pods created
      $ kubectl create role bad --verb='*' --resource=boats
      the server doesn't have a resource type "boats"
      [exit 1]
      $ kubectl create role apps --verb=get,list --resource=deployments.apps
      role.rbac.authorization.k8s.io/apps created
      $ kubectl create role bad --verb=get --resource=deployments.boats
      the server doesn't have a resource type "deployments" in group "boats"
      [exit 1]
      $ kubectl create role sub --verb=get --resource=pods/status
      role.rbac.authorization.k8s.io/sub created
      $ kubectl create role subs --verb=get --resource=replicasets.apps/scale
      role.rbac.authorization.k8s.io/subs created
      $ kubectl create role bad --verb=get --resource=rs.boats/scale
      the server doesn't have a resource type "rs" in group "boats"
      [exit 1]
      $ kubectl create role odd --verb=sail --resource=pods
      Warning: 'sail' is not a standard resource verb
      role.rbac.authorization.k8s.io/odd created
      $ kubectl create role many --verb=get,list --resource=pods/status,deployments.apps
      role.rbac.authorization.k8s.io/many created
      $ kubectl get role many -o jsonpath='{.rules}{"\n"}'
      [{"apiGroups":[""],"resources":["pods/status"],"verbs":["get","list"]},{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list"]}]
      $ kubectl describe role many
      Name:         many
      Labels:       <none>
      Annotations:  <none>
      PolicyRule:
        Resources         Non-Resource URLs  Resource Names  Verbs
        ---------         -----------------  --------------  -----
        pods/status       []                 []              [get list]
        deployments.apps  []                 []              [get list]
      $ kubectl get roles
      NAME   CREATED AT
      apps   …
      many   …
      odd    …
      pods   …
      sub    …
      subs   …
      `,
    ))

  it('says who one is and what one may', () =>
    transcript(
      cluster,
      String.raw`
      $ kubectl auth whoami
      ATTRIBUTE   VALUE
      Username    admin
      Groups      [system:masters system:authenticated]
      $ kubectl auth whoami -o json
      {
          "kind": "SelfSubjectReview",
          "apiVersion": "authentication.k8s.io/v1",
          "metadata": {
              "creationTimestamp": "…"
          },
          "status": {
              "userInfo": {
                  "username": "admin",
                  "groups": [
                      "system:masters",
                      "system:authenticated"
                  ]
              }
          }
      }
      $ kubectl auth whoami --as=ann --as-group=crew --as-uid=7
      ATTRIBUTE   VALUE
      Username    ann
      UID         7
      Groups      [crew system:authenticated]
      $ kubectl auth can-i list pods --as=ann
      yes
      $ kubectl auth can-i delete pods --as=alice
      no
      [exit 1]
      $ kubectl auth can-i delete pods --as=alice -q
      [exit 1]
      $ kubectl auth can-i get /logs/x --as=alice
      no
      [exit 1]
      $ kubectl auth can-i sail boats
      Warning: the server doesn't have a resource type 'boats'

      Warning: verb 'sail' is not a known verb

      yes
      $ kubectl auth can-i get pods --subresource=log --as=alice
      no
      [exit 1]
      $ kubectl auth can-i --list --as=zoe | sort
                                                      [/api/*]            []               [get]
                                                      [/api]              []               [get]
                                                      [/apis/*]           []               [get]
                                                      [/apis]             []               [get]
                                                      [/healthz]          []               [get]
                                                      [/healthz]          []               [get]
                                                      [/livez]            []               [get]
                                                      [/livez]            []               [get]
                                                      [/openapi/*]        []               [get]
                                                      [/openapi]          []               [get]
                                                      [/readyz]           []               [get]
                                                      [/readyz]           []               [get]
                                                      [/version/]         []               [get]
                                                      [/version/]         []               [get]
                                                      [/version]          []               [get]
                                                      [/version]          []               [get]
      Resources                                       Non-Resource URLs   Resource Names   Verbs
      selfsubjectaccessreviews.authorization.k8s.io   []                  []               [create]
      selfsubjectreviews.authentication.k8s.io        []                  []               [create]
      selfsubjectrulesreviews.authorization.k8s.io    []                  []               [create]
      $ kubectl auth can-i
      error: you must specify two arguments: verb resource or verb resource/resourceName.
      See 'kubectl auth can-i -h' for help and examples.
      [exit 1]
      $ kubectl get pods --as-group=foo
      error: requesting uid, groups or user-extra for admin without impersonating a user
      [exit 1]
      $ kubectl get pods --as-uid=abc
      error: requesting uid, groups or user-extra for admin without impersonating a user
      [exit 1]
      $ kubectl get pods --as=zoe
      Error from server (Forbidden): pods is forbidden: User "zoe" cannot list resource "pods" in API group "" in the namespace "default"
      [exit 1]
      $ kubectl get nodes --as=zoe
      Error from server (Forbidden): nodes is forbidden: User "zoe" cannot list resource "nodes" in API group "" at the cluster scope
      [exit 1]
      $ kubectl get --raw /metrics --as=zoe
      Error from server (Forbidden): forbidden: User "zoe" cannot get path "/metrics"
      [exit 1]
      $ kubectl delete pod x --as=zoe
      Error from server (Forbidden): pods "x" is forbidden: User "zoe" cannot delete resource "pods" in API group "" in the namespace "default"
      [exit 1]
      $ kubectl create ns x --as=zoe
      Error from server (Forbidden): namespaces is forbidden: User "zoe" cannot create resource "namespaces" in API group "" at the cluster scope
      [exit 1]
      $ kubectl create cm mine --as=alice --as-user-extra 'key1=hello there'
      error: failed to create configmap: configmaps is forbidden: User "alice" cannot create resource "configmaps" in API group "" in the namespace "default"
      [exit 1]
      $ kubectl --context nobody get pods
      error: You must be logged in to the server (Unauthorized)
      [exit 1]
      $ printf 'apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\nspec: {user: ann, resourceAttributes: {namespace: default, verb: list, resource: pods}}\n' > sar.yaml; kubectl create -f sar.yaml -o jsonpath='{.status}{"\n"}'
      {"allowed":true,"reason":"RBAC: allowed by ClusterRoleBinding \"super\" of ClusterRole \"admin\" to User \"ann\""}
      $ kubectl create -f sar.yaml
      subjectaccessreview.authorization.k8s.io/<unknown> created
      $ kubectl --context alice create token default
      error: failed to create token: serviceaccounts "default" is forbidden: User "alice" cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"
      [exit 1]
      $ kubectl create token default --duration=10s
      error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes
      [exit 1]
      $ kubectl create token nobody
      error: failed to create token: serviceaccounts "nobody" not found
      [exit 1]
      $ kubectl config view --raw -o json > mine.json; kubectl --kubeconfig mine.json config set-credentials masked --token=admin >/dev/null; kubectl --kubeconfig mine.json --user masked --as=zoe auth whoami
      ATTRIBUTE   VALUE
      Username    zoe
      Groups      [system:authenticated]
      `,
    ))
})
