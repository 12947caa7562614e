"""The resource types of EC2: network, addresses, the server."""

from .cloud import ACCOUNT, REGION
from .registry import creates, deletes, deletes_nothing, given, one, reads, tags


@reads("aws_ec2_instance_type")
def _(client, v):
    found, = client("ec2").describe_instance_types(
        InstanceTypes=[v["instance_type"]])["InstanceTypes"]
    return {"id": v["instance_type"],
            "supported_architectures": found["ProcessorInfo"]["SupportedArchitectures"]}


def _tag_specification(kind, v):
    return given(TagSpecifications=[{"ResourceType": kind, "Tags": tags(v)}] if tags(v) else [])


@creates("aws_vpc")
def _(client, v):
    vpc = client("ec2").create_vpc(CidrBlock=v["cidr_block"],
                                   **_tag_specification("vpc", v))["Vpc"]
    client("ec2").modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={
        "Value": v["enable_dns_hostnames"]})
    return {"id": vpc["VpcId"], "arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc['VpcId']}"}


@deletes("aws_vpc")
def _(client, v):
    client("ec2").delete_vpc(VpcId=v["id"])


@creates("aws_default_security_group")
def _(client, v):
    ec2 = client("ec2")
    group, = ec2.describe_security_groups(Filters=[
        {"Name": "vpc-id", "Values": [v["vpc_id"]]},
        {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    for revoke, rules in ((ec2.revoke_security_group_ingress, group["IpPermissions"]),
                          (ec2.revoke_security_group_egress, group["IpPermissionsEgress"])):
        if rules:
            revoke(GroupId=group["GroupId"], IpPermissions=rules)
    return {"id": group["GroupId"]}


deletes_nothing("aws_default_security_group")  # it goes with the VPC


@creates("aws_internet_gateway")
def _(client, v):
    g = client("ec2").create_internet_gateway(
        **_tag_specification("internet-gateway", v))["InternetGateway"]
    client("ec2").attach_internet_gateway(InternetGatewayId=g["InternetGatewayId"],
                                          VpcId=v["vpc_id"])
    return {"id": g["InternetGatewayId"]}


@deletes("aws_internet_gateway")
def _(client, v):
    client("ec2").detach_internet_gateway(InternetGatewayId=v["id"], VpcId=v["vpc_id"])
    client("ec2").delete_internet_gateway(InternetGatewayId=v["id"])


@creates("aws_subnet")
def _(client, v):
    s = client("ec2").create_subnet(**given(
        VpcId=v["vpc_id"], CidrBlock=v["cidr_block"], AvailabilityZone=v["availability_zone"],
        **_tag_specification("subnet", v)))["Subnet"]
    return {"id": s["SubnetId"], "availability_zone": s["AvailabilityZone"]}


@deletes("aws_subnet")
def _(client, v):
    client("ec2").delete_subnet(SubnetId=v["id"])


@creates("aws_route_table")
def _(client, v):
    t = client("ec2").create_route_table(VpcId=v["vpc_id"],
                                         **_tag_specification("route-table", v))["RouteTable"]
    return {"id": t["RouteTableId"]}


@deletes("aws_route_table")
def _(client, v):
    client("ec2").delete_route_table(RouteTableId=v["id"])


@creates("aws_route")
def _(client, v):
    client("ec2").create_route(RouteTableId=v["route_table_id"], GatewayId=v["gateway_id"],
                               DestinationCidrBlock=v["destination_cidr_block"])
    return {"id": f"{v['route_table_id']}-{v['destination_cidr_block']}"}


@deletes("aws_route")
def _(client, v):
    client("ec2").delete_route(RouteTableId=v["route_table_id"],
                               DestinationCidrBlock=v["destination_cidr_block"])


@creates("aws_route_table_association")
def _(client, v):
    return {"id": client("ec2").associate_route_table(
        RouteTableId=v["route_table_id"], SubnetId=v["subnet_id"])["AssociationId"]}


@deletes("aws_route_table_association")
def _(client, v):
    client("ec2").disassociate_route_table(AssociationId=v["id"])


@creates("aws_vpc_endpoint")
def _(client, v):
    e = client("ec2").create_vpc_endpoint(
        VpcId=v["vpc_id"], ServiceName=v["service_name"], VpcEndpointType=v["vpc_endpoint_type"],
        RouteTableIds=v["route_table_ids"], **_tag_specification("vpc-endpoint", v))["VpcEndpoint"]
    return {"id": e["VpcEndpointId"]}


@deletes("aws_vpc_endpoint")
def _(client, v):
    client("ec2").delete_vpc_endpoints(VpcEndpointIds=[v["id"]])


@creates("aws_security_group")
def _(client, v):
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName=v["name"], Description=v["description"],
                                      VpcId=v["vpc_id"],
                                      **_tag_specification("security-group", v))["GroupId"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[  # as the provider does
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    return {"id": group, "arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}"}


@deletes("aws_security_group")
def _(client, v):
    client("ec2").delete_security_group(GroupId=v["id"])


def _rule(v):
    return [{"IpProtocol": v["ip_protocol"], "FromPort": v["from_port"], "ToPort": v["to_port"],
             "IpRanges": [{"CidrIp": v["cidr_ipv4"], "Description": v["description"]}]}]


@creates("aws_vpc_security_group_ingress_rule")
def _(client, v):
    r, = client("ec2").authorize_security_group_ingress(
        GroupId=v["security_group_id"], IpPermissions=_rule(v))["SecurityGroupRules"]
    return {"id": r["SecurityGroupRuleId"]}


@deletes("aws_vpc_security_group_ingress_rule")
def _(client, v):
    client("ec2").revoke_security_group_ingress(GroupId=v["security_group_id"],
                                                SecurityGroupRuleIds=[v["id"]])


@creates("aws_vpc_security_group_egress_rule")
def _(client, v):
    r, = client("ec2").authorize_security_group_egress(
        GroupId=v["security_group_id"], IpPermissions=_rule(v))["SecurityGroupRules"]
    return {"id": r["SecurityGroupRuleId"]}


@deletes("aws_vpc_security_group_egress_rule")
def _(client, v):
    client("ec2").revoke_security_group_egress(GroupId=v["security_group_id"],
                                               SecurityGroupRuleIds=[v["id"]])


@creates("aws_eip")
def _(client, v):
    a = client("ec2").allocate_address(Domain=v["domain"])
    return {"id": a["AllocationId"], "allocation_id": a["AllocationId"],
            "public_ip": a["PublicIp"]}


@deletes("aws_eip")
def _(client, v):
    client("ec2").release_address(AllocationId=v["id"])


@creates("aws_eip_association")
def _(client, v):
    return {"id": client("ec2").associate_address(
        AllocationId=v["allocation_id"], InstanceId=v["instance_id"])["AssociationId"]}


@deletes("aws_eip_association")
def _(client, v):
    client("ec2").disassociate_address(AssociationId=v["id"])


@creates("aws_key_pair")
def _(client, v):
    client("ec2").import_key_pair(KeyName=v["key_name"],
                                  PublicKeyMaterial=v["public_key"].encode())
    return {"id": v["key_name"]}


@deletes("aws_key_pair")
def _(client, v):
    client("ec2").delete_key_pair(KeyName=v["key_name"])


@creates("aws_instance")
def _(client, v):
    metadata, disk = one(v["metadata_options"]), one(v["root_block_device"])
    i, = client("ec2").run_instances(
        ImageId=v["ami"], InstanceType=v["instance_type"], MinCount=1, MaxCount=1,
        KeyName=v["key_name"], UserData=v["user_data"], EbsOptimized=v["ebs_optimized"],
        IamInstanceProfile={"Name": v["iam_instance_profile"]},
        Monitoring={"Enabled": v["monitoring"]},
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": v["subnet_id"],
                            "Groups": v["vpc_security_group_ids"],
                            "AssociatePublicIpAddress": v["associate_public_ip_address"]}],
        MetadataOptions={"HttpEndpoint": metadata["http_endpoint"],
                         "HttpTokens": metadata["http_tokens"],
                         "HttpPutResponseHopLimit": metadata["http_put_response_hop_limit"]},
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {
            "VolumeType": disk["volume_type"], "VolumeSize": disk["volume_size"],
            "Encrypted": disk["encrypted"]}}],
        **_tag_specification("instance", v))["Instances"]
    return {"id": i["InstanceId"]}


@deletes("aws_instance")
def _(client, v):
    client("ec2").terminate_instances(InstanceIds=[v["id"]])
