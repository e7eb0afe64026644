import type * as client from '@kubernetes/client-node'
import type { KubernetesObject } from './api.ts'

/** A type of the official client as it stands in JSON: dates are text, lists and objects are not to be changed. */
type Wire<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T

/** An object of the API; `Filled` lists the parts that the server always fills in. */
type Stored<T, Filled extends keyof T = never> = KubernetesObject &
  Wire<Omit<T, 'metadata' | 'kind' | 'apiVersion' | Filled>> & {
    [Key in Filled]-?: Wire<NonNullable<T[Key]>>
  }

export type Pod = Stored<client.V1Pod, 'spec' | 'status'>
export type PodSpec = Wire<client.V1PodSpec>
export type PodStatus = Wire<client.V1PodStatus>
export type PodCondition = Wire<client.V1PodCondition>
export type PodTemplate = Wire<client.V1PodTemplateSpec>
export type ContainerSpecification = Wire<client.V1Container>
export type ContainerStatus = Wire<client.V1ContainerStatus>
export type ContainerStateStatus = Wire<client.V1ContainerState>
export type Probe = Wire<client.V1Probe>
export type LifecycleHandler = Wire<client.V1LifecycleHandler>
export type Volume = Wire<client.V1Volume>
export type VolumeMount = Wire<client.V1VolumeMount>
export type Toleration = Wire<client.V1Toleration>
export type Taint = Wire<client.V1Taint>
export type LabelSelector = Wire<client.V1LabelSelector>
export type NodeSelector = Wire<client.V1NodeSelector>
export type NodeSelectorTerm = Wire<client.V1NodeSelectorTerm>
export type PodAffinityTerm = Wire<client.V1PodAffinityTerm>
export type Node = Stored<client.V1Node, 'spec' | 'status'>
export type NodeCondition = Wire<client.V1NodeCondition>
export type NodeSystemInfo = Wire<client.V1NodeSystemInfo>
export type Namespace = Stored<client.V1Namespace, 'spec' | 'status'>
export type Service = Stored<client.V1Service, 'spec' | 'status'>
export type ServicePort = Wire<client.V1ServicePort>
export type Endpoints = Stored<client.V1Endpoints>
export type EndpointSlice = Stored<client.V1EndpointSlice>
export type Endpoint = Wire<client.V1Endpoint>
export type ConfigMap = Stored<client.V1ConfigMap>
export type Secret = Stored<client.V1Secret>
export type ServiceAccount = Stored<client.V1ServiceAccount>
export type Lease = Stored<client.V1Lease, 'spec'>
export type Deployment = Stored<client.V1Deployment, 'spec' | 'status'>
export type DeploymentCondition = Wire<client.V1DeploymentCondition>
export type ReplicaSet = Stored<client.V1ReplicaSet, 'spec' | 'status'>
export type ReplicationController = Stored<client.V1ReplicationController, 'spec' | 'status'>
export type DaemonSet = Stored<client.V1DaemonSet, 'spec' | 'status'>
export type StatefulSet = Stored<client.V1StatefulSet, 'spec' | 'status'>
export type Job = Stored<client.V1Job, 'spec' | 'status'>
export type JobCondition = Wire<client.V1JobCondition>
export type CronJob = Stored<client.V1CronJob, 'spec' | 'status'>
export type HorizontalPodAutoscaler = Stored<client.V2HorizontalPodAutoscaler, 'spec' | 'status'>
export type MetricSpec = Wire<client.V2MetricSpec>
export type MetricStatus = Wire<client.V2MetricStatus>
export type MetricTarget = Wire<client.V2MetricTarget>
export type ScalingRules = Wire<client.V2HPAScalingRules>
export type PodDisruptionBudget = Stored<client.V1PodDisruptionBudget, 'spec' | 'status'>
export type PersistentVolume = Stored<client.V1PersistentVolume, 'spec' | 'status'>
export type PersistentVolumeClaim = Stored<client.V1PersistentVolumeClaim, 'spec' | 'status'>
export type StorageClass = Stored<client.V1StorageClass>
export type PriorityClass = Stored<client.V1PriorityClass>
export type NetworkPolicy = Stored<client.V1NetworkPolicy, 'spec'>
export type Ingress = Stored<client.V1Ingress, 'spec' | 'status'>
export type IngressBackend = Wire<client.V1IngressBackend>
export type IngressPath = Wire<client.V1HTTPIngressPath>
export type IngressClass = Stored<client.V1IngressClass, 'spec'>
