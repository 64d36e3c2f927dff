"""The Go types of the Kubernetes objects that templates know exactly, as a table.

A line is a type and its fields: ``jsonKey`` (a string), ``jsonKey:type``, or ``GoName=jsonKey:type`` where
the Go name does not follow from the key. ``+Type`` is embedded in place, ``+key:Type`` under a key. Types:
``~string`` is a string with a type name of its own, ``labels`` is ``map[string]string``, ``[]T``, ``*T`` and
``{}T`` (a map by string) are as in Go, ``any`` is what the JSON has. GetName and the like are methods in Go.

Source: the Kubernetes API reference (networking.k8s.io/v1, core/v1, meta/v1), compared with k8s.io/api 0.36.
"""

KINDS = {
    "networking.k8s.io/v1": frozenset({"Ingress"}),
    "v1": frozenset({"ConfigMap", "Node", "Pod", "Service"}),
}
"""The kinds whose objects are typed by this table, by API version; every other object is open."""

OPEN = "Object"
"""The type of an object of any other kind: its own keys, beside what every object has."""

TABLE = """
Object: +TypeMeta +metadata:ObjectMeta metadata:ObjectMeta spec:any status:any
Ingress: +TypeMeta +metadata:ObjectMeta spec:IngressSpec status:IngressStatus
Service: +TypeMeta +metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus
Node: +TypeMeta +metadata:ObjectMeta spec:NodeSpec status:NodeStatus
ConfigMap: +TypeMeta +metadata:ObjectMeta immutable:*bool data:labels binaryData:{}string
TypeMeta: kind apiVersion
ObjectMeta: name generateName namespace selfLink uid:~string resourceVersion generation:int
  creationTimestamp:any deletionTimestamp:any deletionGracePeriodSeconds:*int labels:labels
  annotations:labels ownerReferences:[]OwnerReference finalizers:[]string managedFields:[]any GetName=name
  GetNamespace=namespace GetLabels=labels:labels GetAnnotations=annotations:labels GetUID=uid:~string
  GetGenerateName=generateName GetResourceVersion=resourceVersion
IngressSpec: ingressClassName:*string defaultBackend:*IngressBackend tls:[]IngressTLS rules:[]IngressRule
IngressStatus: loadBalancer:IngressLoadBalancerStatus
ServiceSpec: ports:[]ServicePort selector:labels clusterIP clusterIPs:[]string type:~string
  externalIPs:[]string sessionAffinity:~string loadBalancerIP loadBalancerSourceRanges:[]string externalName
  externalTrafficPolicy:~string healthCheckNodePort:int publishNotReadyAddresses:bool
  sessionAffinityConfig:*SessionAffinityConfig ipFamilies:[]~string ipFamilyPolicy:*~string
  allocateLoadBalancerNodePorts:*bool loadBalancerClass:*string internalTrafficPolicy:*~string
  trafficDistribution:*string
ServiceStatus: loadBalancer:LoadBalancerStatus conditions:[]Condition
NodeSpec: podCIDR podCIDRs:[]string providerID unschedulable:bool taints:[]Taint
  configSource:any DoNotUseExternalID=externalID
NodeStatus: capacity:{}any allocatable:{}any phase:~string conditions:[]NodeCondition
  addresses:[]NodeAddress daemonEndpoints:NodeDaemonEndpoints nodeInfo:NodeSystemInfo
  images:[]ContainerImage volumesInUse:[]~string volumesAttached:[]AttachedVolume config:any
  runtimeHandlers:[]NodeRuntimeHandler features:*NodeFeatures declaredFeatures:[]string
OwnerReference: apiVersion kind name uid:~string controller:*bool blockOwnerDeletion:*bool
IngressBackend: service:*IngressServiceBackend resource:*TypedLocalObjectReference
IngressTLS: hosts:[]string secretName
IngressRule: host +IngressRuleValue
IngressLoadBalancerStatus: ingress:[]IngressLoadBalancerIngress
ServicePort: name protocol:~string appProtocol:*string port:int targetPort:any nodePort:int
SessionAffinityConfig: clientIP:*ClientIPConfig
LoadBalancerStatus: ingress:[]LoadBalancerIngress
Condition: type status:~string observedGeneration:int lastTransitionTime:any reason message
Taint: key value effect:~string timeAdded:any
NodeCondition: type:~string status:~string lastHeartbeatTime:any lastTransitionTime:any reason message
NodeAddress: type:~string address
NodeDaemonEndpoints: kubeletEndpoint:DaemonEndpoint
NodeSystemInfo: machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion
  kubeProxyVersion operatingSystem architecture swap:*NodeSwapStatus
ContainerImage: names:[]string sizeBytes:int
AttachedVolume: name:~string devicePath
NodeRuntimeHandler: name features:*NodeRuntimeHandlerFeatures
NodeFeatures: supplementalGroupsPolicy:*bool
IngressServiceBackend: name port:ServiceBackendPort
TypedLocalObjectReference: apiGroup:*string kind name
IngressRuleValue: http:*HTTPIngressRuleValue
IngressLoadBalancerIngress: ip hostname ports:[]IngressPortStatus
ClientIPConfig: timeoutSeconds:*int
LoadBalancerIngress: ip hostname ipMode:*~string ports:[]PortStatus
DaemonEndpoint: Port:int
NodeSwapStatus: capacity:*int
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts:*bool userNamespaces:*bool
ServiceBackendPort: name number:int
HTTPIngressRuleValue: paths:[]HTTPIngressPath
IngressPortStatus: port:int protocol:~string error:*string
PortStatus: port:int protocol:~string error:*string
HTTPIngressPath: path pathType:*~string backend:IngressBackend
Pod: +TypeMeta +metadata:ObjectMeta spec:PodSpec status:PodStatus
PodSpec: volumes:[]any initContainers:[]Container containers:[]Container ephemeralContainers:[]any
  restartPolicy:~string terminationGracePeriodSeconds:*int activeDeadlineSeconds:*int dnsPolicy:~string
  nodeSelector:labels serviceAccountName DeprecatedServiceAccount=serviceAccount
  automountServiceAccountToken:*bool nodeName hostNetwork:bool hostPID:bool hostIPC:bool
  shareProcessNamespace:*bool securityContext:any imagePullSecrets:[]LocalObjectReference hostname subdomain
  affinity:any schedulerName tolerations:[]Toleration hostAliases:[]HostAlias priorityClassName
  priority:*int dnsConfig:*PodDNSConfig readinessGates:[]any runtimeClassName:*string
  enableServiceLinks:*bool preemptionPolicy:*~string overhead:{}any topologySpreadConstraints:[]any
  setHostnameAsFQDN:*bool os:*PodOS hostUsers:*bool schedulingGates:[]any resourceClaims:[]any resources:any
  hostnameOverride:*string schedulingGroup:any
PodStatus: observedGeneration:int phase:~string conditions:[]PodCondition message reason nominatedNodeName
  hostIP hostIPs:[]HostIP podIP podIPs:[]PodIP startTime:any initContainerStatuses:[]ContainerStatus
  containerStatuses:[]ContainerStatus QOSClass=qosClass:~string ephemeralContainerStatuses:[]ContainerStatus
  resize:~string resourceClaimStatuses:[]any extendedResourceClaimStatus:any allocatedResources:{}any
  resources:any nodeAllocatableResourceClaimStatuses:[]any
Container: name image command:[]string args:[]string workingDir ports:[]ContainerPort envFrom:[]any
  env:[]EnvVar resources:any resizePolicy:[]any restartPolicy:*~string restartPolicyRules:[]any
  volumeMounts:[]VolumeMount volumeDevices:[]any livenessProbe:any readinessProbe:any startupProbe:any
  lifecycle:any terminationMessagePath terminationMessagePolicy:~string imagePullPolicy:~string
  securityContext:any stdin:bool stdinOnce:bool TTY=tty:bool
LocalObjectReference: name
Toleration: key operator:~string value effect:~string tolerationSeconds:*int
HostAlias: ip hostnames:[]string
PodDNSConfig: nameservers:[]string searches:[]string options:[]PodDNSConfigOption
PodOS: name:~string
PodCondition: type:~string observedGeneration:int status:~string lastProbeTime:any lastTransitionTime:any
  reason message
HostIP: ip
PodIP: ip
ContainerStatus: name state:any LastTerminationState=lastState:any ready:bool restartCount:int image imageID
  containerID started:*bool allocatedResources:{}any resources:any volumeMounts:[]any user:any
  allocatedResourcesStatus:[]any stopSignal:*~string
ContainerPort: name hostPort:int containerPort:int protocol:~string hostIP
EnvVar: name value valueFrom:any
VolumeMount: name readOnly:bool recursiveReadOnly:*~string mountPath subPath mountPropagation:*~string
  subPathExpr
PodDNSConfigOption: name value:*string
"""
