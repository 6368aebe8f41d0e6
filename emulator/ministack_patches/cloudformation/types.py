"""CloudFormation makes the resource types that this product's stacks use and that MiniStack lacks.

AWS: "AWS resource and property types reference" (AWS CloudFormation Template Reference Guide)
Test: cloudformation.test.ts: makes and deletes the network, scaling and policy types that MiniStack lacks

A type of EC2, EventBridge, CloudWatch, IAM, Secrets Manager or WAF is made through that service's API.
A scalable target is registered (applicationautoscaling.targets). Policies of scaling and the schema
registry are a record only, with the physical id that AWS gives.
"""

from __future__ import annotations

import ipaddress
import json
import random
import string
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch, ec2, eventbridge, iam, secretsmanager, waf
from ministack.services.cloudformation import provisioners

from ..applicationautoscaling.targets import deregister, register
from ..patch import Patch
from ..shapes import Answer, Made, Params, Record, ids_in

Handler = dict[str, Callable[..., Any]]

PATCH = Patch(__name__)


def _random_id(prefix: str) -> str:
    return f"{prefix}-" + "".join(random.choices(string.hexdigits[:16], k=17))


def _made(answer: Answer, what: str) -> Answer:
    if answer[0] >= 400:
        raise ValueError(f"{what}: {answer[2].decode() if isinstance(answer[2], bytes) else answer[2]}")
    return answer


def _one(params: dict[str, Any]) -> dict[str, list[str]]:
    """Properties in the form of a query request."""
    text = {True: "true", False: "false"}
    return {key: [text[value] if isinstance(value, bool) else str(value)] for key, value in params.items()}


def _recorded(identify: Callable[[str, Record], Made]) -> Handler:
    return {
        "create": lambda logical_id, props, stack_name: identify(logical_id, props),
        "update": lambda physical_id, old, new, stack_name: (physical_id, identify("", new)[1]),
        "delete": lambda physical_id, props: None,
    }


def _schema_registry(logical_id: str, props: Record) -> Made:
    arn = f"arn:aws:schemas:{get_region()}:{get_account_id()}:registry/{props['RegistryName']}"
    return arn, {"RegistryName": props["RegistryName"], "RegistryArn": arn}


def _event_schema(logical_id: str, props: Record) -> Made:
    if props["Type"] not in ("OpenApi3", "JSONSchemaDraft4"):
        raise ValueError(f"{props['Type']} is no type of a schema")
    json.loads(props["Content"])
    registry, name = props["RegistryName"], props["SchemaName"]
    arn = f"arn:aws:schemas:{get_region()}:{get_account_id()}:schema/{registry}/{name}"
    return arn, {"SchemaName": name, "SchemaArn": arn, "SchemaVersion": "1"}


def _security_group_rule(direction: str) -> Handler:
    def rules_of(group_id: str) -> list[Record]:
        group = ec2._security_groups.get(group_id)
        if group is None:
            raise ValueError(f"The security group '{group_id}' does not exist")
        return group.setdefault(direction, [])

    def key(rule: Record) -> str:
        return json.dumps(ec2._strip_descriptions(rule), sort_keys=True)

    def create(logical_id: str, props: Record, stack_name: str) -> Made:
        rules = rules_of(props.get("GroupId", ""))
        rule = provisioners._ec2_sg_permissions([props])[0]
        if any(key(rule) == key(present) for present in rules):
            raise ValueError(f"the specified rule already exists in {props.get('GroupId')}")
        rules.append(rule)
        rule_id = ec2._sg_rule_id(props["GroupId"], direction.endswith("Egress"), rule)
        return rule_id, {"Id": rule_id}

    def delete(physical_id: str, props: Record) -> None:
        group = ec2._security_groups.get(props.get("GroupId", ""))
        if group is not None:
            gone = key(provisioners._ec2_sg_permissions([props])[0])
            group[direction] = [rule for rule in group.get(direction, []) if key(rule) != gone]

    return {"create": create, "delete": delete}


def _create_peering(logical_id: str, props: Record, stack_name: str) -> Made:
    """Within one account the connection is accepted by CloudFormation itself."""
    blocks = []
    for name in ("VpcId", "PeerVpcId"):
        vpc = ec2._vpcs.get(props.get(name, ""))
        if vpc is None:
            raise ValueError(f"The vpc ID '{props.get(name)}' does not exist")
        blocks.append(ipaddress.ip_network(vpc["CidrBlock"]))
    if blocks[0].overlaps(blocks[1]):
        raise ValueError(f"VpcPeeringConnection failed: the CIDR blocks {blocks[0]} and {blocks[1]} overlap")
    wanted = {name: props[name] for name in ("VpcId", "PeerVpcId", "PeerOwnerId", "PeerRegion") if props.get(name)}
    answer = _made(ec2._create_vpc_peering_connection(_one(wanted)), "VPCPeeringConnection")
    peering_id = ids_in(answer, "pcx")[0]
    if str(props.get("PeerOwnerId") or get_account_id()) == get_account_id():
        ec2._accept_vpc_peering_connection(_one({"VpcPeeringConnectionId": peering_id}))
    provisioners._ec2_apply_tags(peering_id, props)
    return peering_id, {"Id": peering_id}


def _delete_peering(physical_id: str, props: Record) -> None:
    if physical_id in ec2._vpc_peering:
        ec2._delete_vpc_peering_connection(_one({"VpcPeeringConnectionId": physical_id}))


def _created(prefix: str, create: Callable[[Params], Any], wanted: Params, what: str, props: Record) -> str:
    """Has MiniStack's EC2 create a resource with the template's tags, and tells its id."""
    made = ids_in(_made(create(_one(wanted)), what), prefix)[0]
    provisioners._ec2_apply_tags(made, props)
    return made


def _create_flow_log(logical_id: str, props: Record, stack_name: str) -> Made:
    names = ("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName")
    wanted = {name: props[name] for name in names if props.get(name)}
    flow_log_id = _created(
        "fl", ec2._create_flow_logs, {**wanted, "ResourceId.1": props["ResourceId"]}, "FlowLog", props
    )
    return flow_log_id, {"Id": flow_log_id}


def _delete_flow_log(physical_id: str, props: Record) -> None:
    ec2._flow_logs.pop(physical_id, None)


def _create_address(logical_id: str, props: Record, stack_name: str) -> Made:
    allocation_id = _created("eipalloc", ec2._allocate_address, {"Domain": props.get("Domain", "vpc")}, "EIP", props)
    address = ec2._addresses[allocation_id]["PublicIp"]
    return address, {"AllocationId": allocation_id, "PublicIp": address}


def _delete_address(physical_id: str, props: Record) -> None:
    for key in [key for key, address in ec2._addresses.items() if address["PublicIp"] == physical_id]:
        ec2._addresses.pop(key, None)


def _create_nat_gateway(logical_id: str, props: Record, stack_name: str) -> Made:
    wanted = {name: props[name] for name in ("SubnetId", "AllocationId", "ConnectivityType") if props.get(name)}
    gateway_id = _created("nat", ec2._create_nat_gateway, wanted, "NatGateway", props)
    return gateway_id, {"NatGatewayId": gateway_id}


def _delete_nat_gateway(physical_id: str, props: Record) -> None:
    ec2._nat_gateways.pop(physical_id, None)


def _create_acl(logical_id: str, props: Record, stack_name: str) -> Made:
    acl_id = _created("acl", ec2._create_network_acl, {"VpcId": props.get("VpcId", "")}, "NetworkAcl", props)
    return acl_id, {"Id": acl_id}


def _delete_acl(physical_id: str, props: Record) -> None:
    ec2._network_acls.pop(physical_id, None)


def _create_acl_entry(logical_id: str, props: Record, stack_name: str) -> Made:
    names = ("NetworkAclId", "RuleNumber", "Protocol", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "Egress")
    _made(ec2._create_network_acl_entry(_one({n: props[n] for n in names if n in props})), "NetworkAclEntry")
    return f"{props['NetworkAclId']}|{props['RuleNumber']}|{props.get('Egress', False)}", {}


def _delete_acl_entry(physical_id: str, props: Record) -> None:
    names = ("NetworkAclId", "RuleNumber", "Egress")
    ec2._delete_network_acl_entry(_one({n: props[n] for n in names if n in props}))


def _associate_acl(logical_id: str, props: Record, stack_name: str) -> Made:
    acl = ec2._network_acls.get(props.get("NetworkAclId", ""))
    if acl is None:
        raise ValueError(f"The network ACL '{props.get('NetworkAclId')}' does not exist")
    association_id = _random_id("aclassoc")
    acl["Associations"].append({"NetworkAclAssociationId": association_id, "SubnetId": props["SubnetId"]})
    return association_id, {"AssociationId": association_id}


def _dissociate_acl(physical_id: str, props: Record) -> None:
    for acl in ec2._network_acls.values():
        acl["Associations"] = [x for x in acl["Associations"] if x["NetworkAclAssociationId"] != physical_id]


def _create_bus_policy(logical_id: str, props: Record, stack_name: str) -> Made:
    bus = props.get("EventBusName", "default")
    policy = eventbridge._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
    statement = props.get("Statement") or {
        "Effect": "Allow",
        "Principal": props.get("Principal"),
        "Action": props.get("Action"),
        "Resource": f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{bus}",
        **({"Condition": props["Condition"]} if props.get("Condition") else {}),
    }
    sid = props["StatementId"]
    others = [x for x in policy["Statement"] if x.get("Sid") != sid]
    eventbridge._event_bus_policies[bus] = {**policy, "Statement": [*others, {**statement, "Sid": sid}]}
    return f"{bus}|{sid}", {}


def _delete_bus_policy(physical_id: str, props: Record) -> None:
    bus, _, sid = physical_id.partition("|")
    if bus in eventbridge._event_bus_policies:
        eventbridge._remove_permission({"EventBusName": bus, "StatementId": sid})


def _create_archive(logical_id: str, props: Record, stack_name: str) -> Made:
    name = props.get("ArchiveName") or provisioners._physical_name(stack_name, logical_id, max_len=48)
    pattern = props.get("EventPattern", "")
    request = {
        "ArchiveName": name,
        "EventSourceArn": props["SourceArn"],
        "Description": props.get("Description", ""),
        "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern),
        "RetentionDays": int(props.get("RetentionDays", 0)),
    }
    _made(eventbridge._create_archive(request), "Archive")
    arn = f"arn:aws:events:{get_region()}:{get_account_id()}:archive/{name}"
    return name, {"Arn": arn, "ArchiveName": name}


def _delete_archive(physical_id: str, props: Record) -> None:
    eventbridge._archives.pop(physical_id, None)


def _create_composite_alarm(logical_id: str, props: Record, stack_name: str) -> Made:
    name = props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id)
    answer = cloudwatch._put_composite_alarm({}, {**props, "AlarmName": name}, False, is_json=True)
    _made(answer, "CompositeAlarm")
    return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}


def _delete_composite_alarm(physical_id: str, props: Record) -> None:
    cloudwatch._composite_alarms.pop(physical_id, None)


def _create_role_policy(logical_id: str, props: Record, stack_name: str) -> Made:
    request = {k: props[k] for k in ("RoleName", "PolicyName")} | {
        "PolicyDocument": json.dumps(props["PolicyDocument"])
    }
    _made(iam._put_role_policy(_one(request)), "RolePolicy")
    return f"{props['PolicyName']}|{props['RoleName']}", {}


def _delete_role_policy(physical_id: str, props: Record) -> None:
    iam._delete_role_policy(_one({k: props[k] for k in ("RoleName", "PolicyName")}))


def _create_secret_policy(logical_id: str, props: Record, stack_name: str) -> Made:
    policy = json.dumps(props["ResourcePolicy"])
    _made(
        secretsmanager._put_resource_policy({"SecretId": props["SecretId"], "ResourcePolicy": policy}),
        "ResourcePolicy",
    )
    return props["SecretId"], {"Id": props["SecretId"]}


def _delete_secret_policy(physical_id: str, props: Record) -> None:
    secretsmanager._resource_policies.pop(physical_id, None)


def _register_target(props: Record) -> Made:
    registered = register(props)
    target = f"{props['ResourceId']}|{props['ScalableDimension']}|{props['ServiceNamespace']}"
    return target, {"Id": target, "ScalableTargetARN": registered["ScalableTargetARN"]}


def _deregister_target(physical_id: str, props: Record) -> None:
    resource, dimension, namespace = physical_id.split("|")
    deregister(namespace, resource, dimension)


_SCALABLE_TARGET: Handler = {
    "create": lambda logical_id, props, stack_name: _register_target(props),
    "update": lambda physical_id, old, new, stack_name: _register_target(new),
    "delete": _deregister_target,
}


def _scaling_policy(logical_id: str, props: Record) -> Made:
    name = props["PolicyName"]
    scaled = props.get("ScalingTargetId", "") or props.get("ResourceId", "")
    resource = scaled.split("|")[0]
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{new_uuid()}"
        f":resource/ecs/{resource}:policyName/{name}"
    )
    return arn, {"Arn": arn}


def _associate_web_acl(logical_id: str, props: Record, stack_name: str) -> Made:
    _made(waf._associate_web_acl(props), f"web ACL of {props['ResourceArn']}")
    return f"{props['ResourceArn']}|{props['WebACLArn']}", {}


def _disassociate_web_acl(physical_id: str, props: Record) -> None:
    waf._disassociate_web_acl(props)


_TYPES: dict[str, Handler] = {
    "EC2::SecurityGroupIngress": _security_group_rule("IpPermissions"),
    "EC2::SecurityGroupEgress": _security_group_rule("IpPermissionsEgress"),
    "EC2::VPCPeeringConnection": {"create": _create_peering, "delete": _delete_peering},
    "EC2::FlowLog": {"create": _create_flow_log, "delete": _delete_flow_log},
    "EC2::EIP": {"create": _create_address, "delete": _delete_address},
    "EC2::NatGateway": {"create": _create_nat_gateway, "delete": _delete_nat_gateway},
    "EC2::NetworkAcl": {"create": _create_acl, "delete": _delete_acl},
    "EC2::NetworkAclEntry": {"create": _create_acl_entry, "delete": _delete_acl_entry},
    "EC2::SubnetNetworkAclAssociation": {"create": _associate_acl, "delete": _dissociate_acl},
    "Events::EventBusPolicy": {"create": _create_bus_policy, "delete": _delete_bus_policy},
    "Events::Archive": {"create": _create_archive, "delete": _delete_archive},
    "CloudWatch::CompositeAlarm": {"create": _create_composite_alarm, "delete": _delete_composite_alarm},
    "IAM::RolePolicy": {"create": _create_role_policy, "delete": _delete_role_policy},
    "SecretsManager::ResourcePolicy": {"create": _create_secret_policy, "delete": _delete_secret_policy},
    "ApplicationAutoScaling::ScalableTarget": _SCALABLE_TARGET,
    "ApplicationAutoScaling::ScalingPolicy": _recorded(_scaling_policy),
    "ECS::ClusterCapacityProviderAssociations": _recorded(lambda _, props: (props["Cluster"], {})),
    "EventSchemas::Registry": _recorded(_schema_registry),
    "EventSchemas::Schema": _recorded(_event_schema),
    "Logs::QueryDefinition": _recorded(lambda *_: (new_uuid(), {})),
    "WAFv2::WebACLAssociation": {"create": _associate_web_acl, "delete": _disassociate_web_acl},
}
_TAGGED = ("VPCPeeringConnection", "FlowLog", "EIP", "NatGateway", "NetworkAcl")

for _name, _handler in _TYPES.items():
    PATCH.adds(f"ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::{_name}]")(_handler)
for _name in _TAGGED:
    PATCH.adds(f"ministack.services.cloudformation.provisioners._STACK_TAG_PROPERTY[AWS::EC2::{_name}]")(
        ("Tags", "list")
    )
