//! What the roles of pipelines are asked for, and whether they may: one row for each type of resource that the roots plan, and what no pipeline may do.
//!
//! `REGION` stands for a region of the environment, `ACCOUNT` for its account, `NAME` for `<platform>-<environment>`, `ENV` for the environment, `DOMAIN` for the
//! domain of its zone, `DATABASE` for a database that the data root of the region makes, `RECORD` for the type of its name in DNS. `BUCKET` stands for each bucket that a data root makes, whose region `REGION` is then, and `COPIER` for the role that copies it.

use std::collections::BTreeSet;

use super::iam::{Request, fits, may, texts};
use super::judge::list;
use super::resources;
use serde_json::{Value, json};

/// Condition keys of a request, beside those that every request has.
type Keys = &'static [(&'static str, &'static str)];

const TAGGED: (&str, &str) = ("aws:ResourceTag/managed_by", "platgen");
/// Marks of a resource of this environment, and of another one.
const OWN: Keys = &[TAGGED, ("aws:ResourceTag/environment", "ENV")];
const OTHER: Keys = &[TAGGED, ("aws:ResourceTag/environment", "ENV-other")];
const NEW: Keys = &[("aws:RequestTag/managed_by", "platgen"), ("aws:RequestTag/environment", "ENV")];
const PEOPLE: Keys = &[("eks:principalArn", ADMINISTRATOR)];
const CLUSTER_ADMINISTRATOR: Keys = &[("eks:principalArn", "arn:aws:iam::ACCOUNT:role/NAME-REGION-administrator")];
const BOUNDED: Keys = &[("iam:PermissionsBoundary", "arn:aws:iam::ACCOUNT:policy/NAME-boundary")];
const UNBOUNDED: Keys = &[("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess")];
const STATE_KEY: Keys = &[("kms:ResourceAliases", "alias/NAME-terraform-state")];
const BUCKET_KEY: Keys = &[TAGGED, ("aws:ResourceTag/environment", "ENV"), ("kms:ResourceAliases", "alias/NAME-REGION-data")];
const TEMPLATE: Keys = &[("ec2:LaunchTemplate", "arn:aws:ec2:REGION:ACCOUNT:launch-template/lt-1")];
const TO_EKS: Keys = &[("iam:PassedToService", "eks.amazonaws.com")];
const TO_NODES: Keys = &[("iam:PassedToService", "ec2.amazonaws.com")];
const TO_PODS: Keys = &[("iam:PassedToService", "pods.eks.amazonaws.com")];
const TO_LOGS: Keys = &[("iam:PassedToService", "vpc-flow-logs.amazonaws.com")];
const TO_BACKUP: Keys = &[("iam:PassedToService", "backup.amazonaws.com")];
const BY_BACKUP: Keys = &[("kms:ResourceAliases", "alias/NAME-REGION-data"), ("kms:ViaService", "backup.REGION.amazonaws.com")];
const BY_SECRETS: Keys = &[("kms:ResourceAliases", "alias/NAME-REGION-data"), ("kms:ViaService", "secretsmanager.REGION.amazonaws.com")];
const TO_S3: Keys = &[("iam:PassedToService", "s3.amazonaws.com")];
const TO_LAMBDA: Keys = &[("iam:PassedToService", "lambda.amazonaws.com")];
const ANYWHERE: Keys = &[("aws:RequestedRegion", "us-west-2")];
const HOME: &str = "us-east-1";

const GROUP: &str = "arn:aws:ec2:REGION:ACCOUNT:security-group/sg-1";
const VPC: &str = "arn:aws:ec2:REGION:ACCOUNT:vpc/vpc-1";
const ROLE: &str = "arn:aws:iam::ACCOUNT:role/NAME-REGION-nodes";
const KEY: &str = "arn:aws:kms:REGION:ACCOUNT:key/1";
const CLUSTER: &str = "arn:aws:eks:REGION:ACCOUNT:cluster/NAME-REGION";
const REPOSITORY: &str = "arn:aws:ecr:REGION:ACCOUNT:repository/NAME/registry.example/web";
const RESOLVER: &str = "arn:aws:route53resolver:REGION:ACCOUNT:resolver-endpoint/rslvr-1";
const BUCKET: &str = "arn:aws:s3:::BUCKET";
const OBJECT: &str = "arn:aws:s3:::BUCKET/a";
/// The key of a bucket, and its alias.
const DATA_KEY: &str = "arn:aws:kms:REGION:ACCOUNT:key/BUCKET";
const DATA_ALIAS: &str = "arn:aws:kms:REGION:ACCOUNT:alias/NAME-REGION-data";
const COPIER: &str = "arn:aws:iam::ACCOUNT:role/COPIER";
const LINK: &str = "arn:aws:ec2:REGION:ACCOUNT:vpc-peering-connection/pcx-1";

/// By type of resource: service, what makes, changes and removes it, on what, with which keys.
type Need = (&'static str, &'static str, &'static [&'static str], &'static str, Keys);

#[rustfmt::skip]
const NEEDS: &[Need] = &[
    ("aws_autoscaling_schedule", "autoscaling", &["DeleteScheduledAction", "PutScheduledUpdateGroupAction"], "arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:1:autoScalingGroupName/eks-general-a-1", &[]),
    ("aws_backup_plan", "backup", &["CreateBackupPlan", "DeleteBackupPlan", "TagResource", "UntagResource", "UpdateBackupPlan"], "arn:aws:backup:REGION:ACCOUNT:backup-plan:1", &[]),
    ("aws_backup_selection", "backup", &["CreateBackupSelection", "DeleteBackupSelection"], "arn:aws:backup:REGION:ACCOUNT:backup-plan:1", &[]),
    ("aws_backup_selection", "iam", &["PassRole"], "arn:aws:iam::ACCOUNT:role/NAME-REGION-backup", TO_BACKUP),
    ("aws_backup_selection", "iam", &["CreateServiceLinkedRole"], "arn:aws:iam::ACCOUNT:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup", &[("iam:AWSServiceName", "backup.amazonaws.com")]),
    ("aws_backup_vault", "backup", &["CreateBackupVault", "TagResource", "UntagResource"], "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME-REGION", &[]),
    ("aws_backup_vault", "backup-storage", &["MountCapsule"], "*", &[]),
    ("aws_backup_vault", "kms", &["Decrypt", "GenerateDataKey", "RetireGrant"], KEY, BY_BACKUP),
    ("aws_backup_vault_lock_configuration", "backup", &["PutBackupVaultLockConfiguration"], "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME-REGION", &[]),
    ("aws_db_instance", "rds", &["AddTagsToResource", "CreateDBInstance", "ModifyDBInstance", "RebootDBInstance", "RemoveTagsFromResource"], "arn:aws:rds:REGION:ACCOUNT:db:DATABASE", &[]),
    ("aws_db_instance", "rds", &["CreateDBInstance", "ModifyDBInstance"], "arn:aws:rds:REGION:ACCOUNT:og:default:postgres-17", &[]),
    ("aws_db_instance", "secretsmanager", &["CreateSecret", "TagResource"], "arn:aws:secretsmanager:REGION:ACCOUNT:secret:rds!db-1", &[("aws:CalledVia", "rds.amazonaws.com")]),
    ("aws_db_instance", "kms", &["Decrypt", "GenerateDataKey"], KEY, BY_SECRETS),
    ("aws_db_instance", "iam", &["CreateServiceLinkedRole"], "arn:aws:iam::ACCOUNT:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS", &[("iam:AWSServiceName", "rds.amazonaws.com")]),
    ("aws_db_parameter_group", "rds", &["CreateDBParameterGroup", "DeleteDBParameterGroup", "ModifyDBParameterGroup", "ResetDBParameterGroup"], "arn:aws:rds:REGION:ACCOUNT:pg:DATABASE-postgres17", &[]),
    ("aws_db_subnet_group", "rds", &["CreateDBSubnetGroup", "DeleteDBSubnetGroup", "ModifyDBSubnetGroup"], "arn:aws:rds:REGION:ACCOUNT:subgrp:DATABASE", &[]),
    ("aws_route53_record", "route53", &["ChangeResourceRecordSets"], "arn:aws:route53:::hostedzone/Z1", &[("route53:ChangeResourceRecordSetsNormalizedRecordNames", "orders.shop.NAME-REGION.internal"), ("route53:ChangeResourceRecordSetsRecordTypes", "RECORD")]),
    ("aws_cloudwatch_log_group", "logs", &["CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy"], "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/rds/instance/DATABASE/error", OWN),
    ("aws_cloudwatch_event_rule", "events", &["DeleteRule", "PutRule", "TagResource", "UntagResource"], "arn:aws:events:us-east-1:ACCOUNT:rule/NAME-root-call", &[]),
    ("aws_cloudwatch_event_target", "events", &["PutTargets", "RemoveTargets"], "arn:aws:events:us-east-1:ACCOUNT:rule/NAME-root-call", &[]),
    ("aws_cloudwatch_log_group", "logs", &["AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"], "arn:aws:logs:REGION:ACCOUNT:log-group:/platform/NAME-REGION/flow-logs", OWN),
    ("aws_cloudwatch_log_group", "logs", &["CreateLogGroup", "DeleteLogGroup"], "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/eks/NAME-REGION/cluster", OWN),
    ("aws_cloudwatch_log_group", "logs", &["DeleteRetentionPolicy", "DisassociateKmsKey", "UntagResource"], "arn:aws:logs:REGION:ACCOUNT:log-group:/platform/NAME-REGION/flow-logs", OWN),
    ("aws_cloudwatch_log_resource_policy", "logs", &["DeleteResourcePolicy", "PutResourcePolicy"], "*", &[]),
    ("aws_customer_gateway", "ec2", &["CreateCustomerGateway", "DeleteCustomerGateway"], "arn:aws:ec2:REGION:ACCOUNT:customer-gateway/cgw-1", OWN),
    ("aws_default_security_group", "ec2", &["RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"], GROUP, &[]),
    ("aws_ebs_encryption_by_default", "ec2", &["DisableEbsEncryptionByDefault", "EnableEbsEncryptionByDefault"], "*", &[]),
    ("aws_ec2_instance_metadata_defaults", "ec2", &["ModifyInstanceMetadataDefaults"], "*", &[]),
    ("aws_ecr_lifecycle_policy", "ecr", &["DeleteLifecyclePolicy", "PutLifecyclePolicy"], REPOSITORY, OWN),
    ("aws_ecr_repository", "ecr", &["CreateRepository", "DeleteRepository", "PutImageScanningConfiguration", "PutImageTagMutability", "TagResource", "UntagResource"], REPOSITORY, OWN),
    ("aws_eip", "ec2", &["AllocateAddress", "DisassociateAddress", "ReleaseAddress"], "arn:aws:ec2:REGION:ACCOUNT:elastic-ip/eipalloc-1", OWN),
    ("aws_eks_access_entry", "eks", &["CreateAccessEntry"], CLUSTER, PEOPLE),
    ("aws_eks_access_entry", "eks", &["CreateAccessEntry"], CLUSTER, CLUSTER_ADMINISTRATOR),
    ("aws_eks_access_entry", "eks", &["DeleteAccessEntry", "UpdateAccessEntry"], "arn:aws:eks:REGION:ACCOUNT:access-entry/NAME-REGION/role/ACCOUNT/a/1", OWN),
    ("aws_eks_access_policy_association", "eks", &["AssociateAccessPolicy", "DisassociateAccessPolicy"], "arn:aws:eks:REGION:ACCOUNT:access-entry/NAME-REGION/role/ACCOUNT/NAME-REGION-administrator/1", OWN),
    ("aws_eks_addon", "eks", &["CreateAddon"], CLUSTER, OWN),
    ("aws_eks_addon", "eks", &["DeleteAddon", "UpdateAddon"], "arn:aws:eks:REGION:ACCOUNT:addon/NAME-REGION/coredns/1", OWN),
    ("aws_eks_cluster", "eks", &["CreateCluster"], "*", NEW),
    ("aws_eks_cluster", "eks", &["DeleteCluster", "TagResource", "UntagResource", "UpdateClusterConfig", "UpdateClusterVersion"], CLUSTER, OWN),
    ("aws_eks_cluster", "iam", &["PassRole"], "arn:aws:iam::ACCOUNT:role/NAME-REGION-cluster", TO_EKS),
    ("aws_eks_cluster", "kms", &["CreateGrant"], KEY, OWN),
    ("aws_eks_cluster", "iam", &["CreateServiceLinkedRole"], "arn:aws:iam::ACCOUNT:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", &[("iam:AWSServiceName", "eks.amazonaws.com")]),
    ("aws_eks_node_group", "eks", &["CreateNodegroup"], CLUSTER, OWN),
    ("aws_eks_node_group", "eks", &["DeleteNodegroup", "UpdateNodegroupConfig", "UpdateNodegroupVersion"], "arn:aws:eks:REGION:ACCOUNT:nodegroup/NAME-REGION/general-a/1", OWN),
    ("aws_eks_node_group", "ec2", &["RunInstances"], "arn:aws:ec2:REGION:ACCOUNT:instance/*", TEMPLATE),
    ("aws_eks_node_group", "ec2", &["RunInstances"], "arn:aws:ec2:REGION::image/ami-1", TEMPLATE),
    ("aws_eks_node_group", "iam", &["PassRole"], ROLE, TO_NODES),
    ("aws_eks_node_group", "iam", &["CreateServiceLinkedRole"], "arn:aws:iam::ACCOUNT:role/aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup", &[("iam:AWSServiceName", "eks-nodegroup.amazonaws.com")]),
    ("aws_eks_pod_identity_association", "eks", &["CreatePodIdentityAssociation"], CLUSTER, OWN),
    ("aws_eks_pod_identity_association", "eks", &["DeletePodIdentityAssociation", "UpdatePodIdentityAssociation"], "arn:aws:eks:REGION:ACCOUNT:podidentityassociation/NAME-REGION/a-1", OWN),
    ("aws_eks_pod_identity_association", "iam", &["PassRole"], "arn:aws:iam::ACCOUNT:role/NAME-REGION.shop.web", TO_PODS),
    ("aws_flow_log", "ec2", &["CreateFlowLogs"], VPC, OWN),
    ("aws_flow_log", "ec2", &["DeleteFlowLogs"], "arn:aws:ec2:REGION:ACCOUNT:vpc-flow-log/fl-1", OWN),
    ("aws_flow_log", "logs", &["CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "ListLogDeliveries", "UpdateLogDelivery"], "*", &[]),
    ("aws_flow_log", "iam", &["PassRole"], "arn:aws:iam::ACCOUNT:role/NAME-REGION-flow-logs", TO_LOGS),
    ("aws_iam_account_password_policy", "iam", &["UpdateAccountPasswordPolicy"], "*", &[]),
    ("aws_iam_openid_connect_provider", "iam", &["CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"], "arn:aws:iam::ACCOUNT:oidc-provider/oidc.eks.REGION.amazonaws.com/id/A1", &[]),
    ("aws_iam_role", "iam", &["CreateRole", "DeleteRole", "PutRolePermissionsBoundary", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"], ROLE, BOUNDED),
    ("aws_iam_role_policy", "iam", &["DeleteRolePolicy", "PutRolePolicy"], ROLE, BOUNDED),
    ("aws_iam_role_policy_attachment", "iam", &["AttachRolePolicy", "DetachRolePolicy"], ROLE, BOUNDED),
    ("aws_internet_gateway", "ec2", &["AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"], "arn:aws:ec2:REGION:ACCOUNT:internet-gateway/igw-1", OWN),
    ("aws_kms_alias", "kms", &["CreateAlias", "DeleteAlias", "UpdateAlias"], "arn:aws:kms:REGION:ACCOUNT:alias/NAME-REGION-logs", &[]),
    ("aws_kms_alias", "kms", &["CreateAlias"], KEY, OWN),
    ("aws_kms_key", "kms", &["CreateKey"], "*", NEW),
    ("aws_kms_key", "kms", &["TagResource"], KEY, NEW),
    ("aws_kms_key", "kms", &["EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion", "TagResource"], "arn:aws:kms:us-east-1:ACCOUNT:key/1", OWN),
    ("aws_kms_alias", "kms", &["CreateAlias", "DeleteAlias", "UpdateAlias"], DATA_ALIAS, &[]),
    ("aws_kms_alias", "kms", &["CreateAlias", "DeleteAlias", "UpdateAlias"], "arn:aws:kms:us-east-1:ACCOUNT:alias/NAME-global", &[]),
    ("aws_kms_key", "kms", &["EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateKeyDescription"], KEY, OWN),
    ("aws_kms_key", "kms", &["EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateKeyDescription"], DATA_KEY, OWN),
    ("aws_launch_template", "ec2", &["CreateLaunchTemplate", "CreateLaunchTemplateVersion", "DeleteLaunchTemplate", "ModifyLaunchTemplate"], "arn:aws:ec2:REGION:ACCOUNT:launch-template/lt-1", OWN),
    ("aws_nat_gateway", "ec2", &["CreateNatGateway", "DeleteNatGateway"], "arn:aws:ec2:REGION:ACCOUNT:natgateway/nat-1", OWN),
    ("aws_route", "ec2", &["CreateRoute", "DeleteRoute", "ReplaceRoute"], "arn:aws:ec2:REGION:ACCOUNT:route-table/rtb-1", OWN),
    ("aws_route53_query_log", "route53", &["CreateQueryLoggingConfig"], "arn:aws:route53:::hostedzone/Z1", &[]),
    ("aws_route53_query_log", "logs", &["AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"], "arn:aws:logs:us-east-1:ACCOUNT:log-group:/aws/route53/DOMAIN", OWN),
    ("aws_route53_query_log", "route53", &["DeleteQueryLoggingConfig"], "arn:aws:route53:::queryloggingconfig/1", &[]),
    ("aws_route53_resolver_endpoint", "route53resolver", &["CreateResolverEndpoint", "DeleteResolverEndpoint", "TagResource", "UntagResource", "UpdateResolverEndpoint"], RESOLVER, &[]),
    ("aws_route53_resolver_endpoint", "ec2", &["CreateNetworkInterface", "DeleteNetworkInterface", "ModifyNetworkInterfaceAttribute"], "arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-1", &[]),
    ("aws_route53_resolver_firewall_config", "route53resolver", &["UpdateFirewallConfig"], "arn:aws:route53resolver:REGION:ACCOUNT:firewall-config/1", &[]),
    ("aws_route53_resolver_firewall_rule", "route53resolver", &["CreateFirewallRule", "DeleteFirewallRule", "UpdateFirewallRule"], "arn:aws:route53resolver:REGION:ACCOUNT:firewall-rule-group/1", &[]),
    ("aws_route53_resolver_firewall_rule_group", "route53resolver", &["CreateFirewallRuleGroup", "DeleteFirewallRuleGroup"], "arn:aws:route53resolver:REGION:ACCOUNT:firewall-rule-group/1", &[]),
    ("aws_route53_resolver_firewall_rule_group_association", "route53resolver", &["AssociateFirewallRuleGroup", "DisassociateFirewallRuleGroup", "UpdateFirewallRuleGroupAssociation"], "arn:aws:route53resolver:REGION:ACCOUNT:firewall-rule-group-association/1", &[]),
    ("aws_route53_resolver_query_log_config", "route53resolver", &["CreateResolverQueryLogConfig", "DeleteResolverQueryLogConfig"], "arn:aws:route53resolver:REGION:ACCOUNT:resolver-query-log-config/1", &[]),
    ("aws_route53_resolver_query_log_config_association", "route53resolver", &["AssociateResolverQueryLogConfig", "DisassociateResolverQueryLogConfig"], "arn:aws:route53resolver:REGION:ACCOUNT:resolver-query-log-config/1", &[]),
    ("aws_route53_resolver_rule", "route53resolver", &["CreateResolverRule", "DeleteResolverRule", "UpdateResolverRule"], "arn:aws:route53resolver:REGION:ACCOUNT:resolver-rule/1", &[]),
    ("aws_route53_resolver_rule_association", "route53resolver", &["AssociateResolverRule", "DisassociateResolverRule"], "arn:aws:route53resolver:REGION:ACCOUNT:resolver-rule/1", &[]),
    ("aws_route53_zone", "route53", &["CreateHostedZone"], "*", &[]),
    ("aws_route53_zone", "route53", &["ChangeTagsForResource", "DeleteHostedZone", "UpdateHostedZoneComment"], "arn:aws:route53:::hostedzone/Z1", &[]),
    ("aws_route_table", "ec2", &["CreateRouteTable", "CreateTags", "DeleteRouteTable"], "arn:aws:ec2:REGION:ACCOUNT:route-table/rtb-1", OWN),
    ("aws_route_table_association", "ec2", &["AssociateRouteTable", "DisassociateRouteTable", "ReplaceRouteTableAssociation"], "arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-1", OWN),
    ("aws_s3_account_public_access_block", "s3", &["PutAccountPublicAccessBlock"], "*", &[]),
    ("aws_s3_bucket", "s3", &["CreateBucket", "PutBucketObjectLockConfiguration", "PutBucketVersioning", "TagResource", "UntagResource"], BUCKET, &[]),
    ("aws_s3_bucket_lifecycle_configuration", "s3", &["PutLifecycleConfiguration"], BUCKET, &[]),
    ("aws_s3_bucket_object_lock_configuration", "s3", &["PutBucketObjectLockConfiguration"], BUCKET, &[]),
    ("aws_s3_bucket_ownership_controls", "s3", &["PutBucketOwnershipControls"], BUCKET, &[]),
    ("aws_s3_bucket_policy", "s3", &["PutBucketPolicy"], BUCKET, &[]),
    ("aws_s3_bucket_public_access_block", "s3", &["PutBucketPublicAccessBlock"], BUCKET, &[]),
    ("aws_s3_bucket_replication_configuration", "s3", &["PutReplicationConfiguration"], BUCKET, &[]),
    ("aws_s3_bucket_replication_configuration", "iam", &["PassRole"], COPIER, TO_S3),
    ("aws_s3_bucket_server_side_encryption_configuration", "s3", &["PutEncryptionConfiguration"], BUCKET, &[]),
    ("aws_s3_bucket_versioning", "s3", &["PutBucketVersioning"], BUCKET, &[]),
    ("aws_security_group", "ec2", &["CreateSecurityGroup", "DeleteSecurityGroup"], GROUP, OWN),
    ("aws_sns_topic", "sns", &["CreateTopic", "DeleteTopic", "SetTopicAttributes", "TagResource", "UntagResource"], "arn:aws:sns:us-east-1:ACCOUNT:NAME-account-alarms", &[]),
    ("aws_sns_topic_policy", "sns", &["SetTopicAttributes"], "arn:aws:sns:us-east-1:ACCOUNT:NAME-account-alarms", &[]),
    ("aws_subnet", "ec2", &["CreateSubnet", "DeleteSubnet", "ModifySubnetAttribute"], "arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-1", OWN),
    ("aws_vpc", "ec2", &["CreateTags", "CreateVpc", "DeleteTags", "DeleteVpc", "ModifyVpcAttribute"], VPC, OWN),
    ("aws_vpc_block_public_access_exclusion", "ec2", &["CreateVpcBlockPublicAccessExclusion", "DeleteVpcBlockPublicAccessExclusion", "ModifyVpcBlockPublicAccessExclusion"], "arn:aws:ec2:REGION:ACCOUNT:vpc-block-public-access-exclusion/1", OWN),
    ("aws_vpc_block_public_access_options", "ec2", &["ModifyVpcBlockPublicAccessOptions"], "*", &[]),
    ("aws_vpc_endpoint", "ec2", &["CreateVpcEndpoint", "DeleteVpcEndpoints", "ModifyVpcEndpoint"], "arn:aws:ec2:REGION:ACCOUNT:vpc-endpoint/vpce-1", OWN),
    ("aws_vpc_endpoint", "route53", &["AssociateVPCWithHostedZone"], "arn:aws:route53:::hostedzone/Z1", &[]),
    ("aws_vpc_ipv4_cidr_block_association", "ec2", &["AssociateVpcCidrBlock", "DisassociateVpcCidrBlock"], VPC, OWN),
    ("aws_vpc_peering_connection", "ec2", &["CreateVpcPeeringConnection", "DeleteVpcPeeringConnection"], LINK, OWN),
    ("aws_vpc_peering_connection_accepter", "ec2", &["AcceptVpcPeeringConnection"], LINK, OWN),
    ("aws_vpc_peering_connection_options", "ec2", &["ModifyVpcPeeringConnectionOptions"], LINK, OWN),
    ("aws_vpc_security_group_egress_rule", "ec2", &["AuthorizeSecurityGroupEgress", "ModifySecurityGroupRules", "RevokeSecurityGroupEgress"], GROUP, OWN),
    ("aws_vpc_security_group_ingress_rule", "ec2", &["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules", "RevokeSecurityGroupIngress"], GROUP, OWN),
    ("aws_vpn_connection", "ec2", &["CreateVpnConnection", "DeleteVpnConnection", "ModifyVpnConnection", "ModifyVpnTunnelOptions"], "arn:aws:ec2:REGION:ACCOUNT:vpn-connection/vpn-1", OWN),
    ("aws_vpn_connection", "iam", &["CreateServiceLinkedRole"], "arn:aws:iam::ACCOUNT:role/aws-service-role/s2svpn.amazonaws.com/AWSServiceRoleForVPCS2SVPN", &[("iam:AWSServiceName", "s2svpn.amazonaws.com")]),
    ("aws_vpn_connection_route", "ec2", &["CreateVpnConnectionRoute", "DeleteVpnConnectionRoute"], "arn:aws:ec2:REGION:ACCOUNT:vpn-connection/vpn-1", OWN),
    ("aws_vpn_gateway", "ec2", &["AttachVpnGateway", "CreateVpnGateway", "DeleteVpnGateway", "DetachVpnGateway"], "arn:aws:ec2:REGION:ACCOUNT:vpn-gateway/vgw-1", OWN),
    // It is in the state alone.
    ("terraform_data", "", &[], "*", &[]),
];

/// Types that the global root alone plans; the environment that leads its account has those of the second list.
const OF_ZONE: [&str; 2] = ["aws_route53_query_log", "aws_route53_zone"];
const OF_ACCOUNT: [&str; 6] = [
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_iam_account_password_policy",
    "aws_s3_account_public_access_block",
    "aws_sns_topic",
    "aws_sns_topic_policy",
];

/// What a plan reads of a bucket.
const READ_OF_BUCKET: [&str; 16] = [
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    // Looking whether it exists asks for this one.
    "s3:ListBucket",
    "s3:ListTagsForResource",
];

/// What a plan reads of databases.
const READ_OF_DATABASE: [&str; 7] = [
    "backup:DescribeBackupVault",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:ListTags",
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameters",
    "rds:ListTagsForResource",
];

/// What every plan reads, of each service that the roots use.
const READ: [&str; 31] = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScheduledActions",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpcBlockPublicAccessOptions",
    "ec2:GetEbsEncryptionByDefault",
    "ec2:GetInstanceMetadataDefaults",
    "ec2:GetManagedPrefixListEntries",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:ListTagsForResource",
    "eks:ListTagsForResource",
    "eks:DescribeCluster",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "iam:GetAccountPasswordPolicy",
    "iam:GetRole",
    "iam:ListRoles",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:ListTagsForResource",
    "route53:GetHostedZone",
    "route53:ListTagsForResource",
    "route53resolver:GetResolverRule",
    "route53resolver:ListTagsForResource",
    "s3:GetAccountPublicAccessBlock",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
];

/// What the states of an apply need.
const STATES_NEED: [&str; 6] = ["kms:Decrypt", "kms:GenerateDataKey", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"];

/// What no pipeline may do: action, resource, keys; and whether a role that has every right within the boundary is refused as well.
type Refusal = (&'static str, &'static str, Keys, bool);

const BOUNDARY: &str = "arn:aws:iam::ACCOUNT:policy/NAME-boundary";
const APPLIES: &str = "arn:aws:iam::ACCOUNT:role/NAME-pipeline-apply";
const PLANS: &str = "arn:aws:iam::ACCOUNT:role/NAME-pipeline-plan";
const ADMINISTRATOR: &str = "arn:aws:iam::ACCOUNT:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_admin_1";
const ISSUER: &str = "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER";
const STATES: &str = "arn:aws:s3:::STATES";
const OWN_STATE: &str = "arn:aws:s3:::STATES/ENV/REGION/network/terraform.tfstate";
const OWN_LOCK: &str = "arn:aws:s3:::STATES/ENV/REGION/network/terraform.tfstate.tflock";
const BOOTSTRAP: &str = "arn:aws:s3:::STATES/bootstrap/ENV/terraform.tfstate";
const OWN_BUCKET: &str = "arn:aws:s3:::NAME-of-an-app-REGION-ACCOUNT";
const USER: &str = "arn:aws:iam::ACCOUNT:user/anybody";

#[rustfmt::skip]
const REFUSED: &[Refusal] = &[
    // Its own boundary.
    ("iam:CreatePolicyVersion", BOUNDARY, &[], true),
    ("iam:DeletePolicy", BOUNDARY, &[], true),
    ("iam:DeletePolicyVersion", BOUNDARY, &[], true),
    ("iam:SetDefaultPolicyVersion", BOUNDARY, &[], true),
    ("iam:CreatePolicyVersion", "arn:aws:iam::ACCOUNT:policy/NAME-pipeline-read", &[], true),
    ("iam:CreatePolicy", "arn:aws:iam::ACCOUNT:policy/other", &[], true),
    // Roles of pipelines, who may take them, and for how long.
    ("iam:AttachRolePolicy", APPLIES, BOUNDED, true),
    ("iam:DeleteRole", APPLIES, BOUNDED, true),
    ("iam:DeleteRolePermissionsBoundary", APPLIES, BOUNDED, true),
    ("iam:PutRolePermissionsBoundary", APPLIES, BOUNDED, true),
    ("iam:PutRolePolicy", APPLIES, BOUNDED, true),
    ("iam:UpdateAssumeRolePolicy", APPLIES, BOUNDED, true),
    ("iam:UpdateRole", APPLIES, BOUNDED, true),
    ("iam:AttachRolePolicy", PLANS, BOUNDED, true),
    ("iam:UpdateAssumeRolePolicy", PLANS, BOUNDED, true),
    ("iam:AddClientIDToOpenIDConnectProvider", ISSUER, &[], true),
    ("iam:CreateOpenIDConnectProvider", "arn:aws:iam::ACCOUNT:oidc-provider/tokens.example", &[], true),
    ("iam:DeleteOpenIDConnectProvider", ISSUER, &[], true),
    ("iam:UpdateOpenIDConnectProviderThumbprint", ISSUER, &[], true),
    // Roles without the boundary, with another one, and of other names.
    ("iam:AttachRolePolicy", ROLE, UNBOUNDED, true),
    ("iam:CreateRole", ROLE, &[], true),
    ("iam:CreateRole", ROLE, UNBOUNDED, true),
    ("iam:DeleteRolePermissionsBoundary", ROLE, BOUNDED, true),
    ("iam:PutRolePermissionsBoundary", ROLE, UNBOUNDED, true),
    ("iam:PutRolePolicy", ROLE, &[], true),
    ("iam:DeleteRolePolicy", ROLE, UNBOUNDED, true),
    ("iam:DetachRolePolicy", ROLE, UNBOUNDED, true),
    ("iam:DetachRolePolicy", ADMINISTRATOR, BOUNDED, true),
    ("iam:TagRole", ADMINISTRATOR, &[], true),
    ("iam:CreateServiceLinkedRole", "arn:aws:iam::ACCOUNT:role/aws-service-role/organizations.amazonaws.com/a", &[("iam:AWSServiceName", "organizations.amazonaws.com")], false),
    ("iam:AttachRolePolicy", ADMINISTRATOR, BOUNDED, true),
    ("iam:CreateRole", "arn:aws:iam::ACCOUNT:role/other", BOUNDED, true),
    ("iam:PutRolePolicy", "arn:aws:iam::ACCOUNT:role/NAME-other-REGION-nodes", BOUNDED, true),
    ("iam:UpdateAssumeRolePolicy", ADMINISTRATOR, BOUNDED, true),
    ("iam:PassRole", ADMINISTRATOR, TO_NODES, true),
    ("iam:PassRole", APPLIES, TO_NODES, true),
    ("iam:PassRole", ROLE, TO_LAMBDA, false),
    ("sts:AssumeRole", ADMINISTRATOR, &[], true),
    ("sts:AssumeRole", "arn:aws:iam::ACCOUNT:role/NAME-REGION-administrator", &[], true),
    // Users and keys.
    ("iam:AddUserToGroup", "arn:aws:iam::ACCOUNT:group/admins", &[], true),
    ("iam:AttachUserPolicy", USER, &[], true),
    ("iam:CreateAccessKey", USER, &[], true),
    ("iam:CreateLoginProfile", USER, &[], true),
    ("iam:CreateSAMLProvider", "arn:aws:iam::ACCOUNT:saml-provider/other", &[], true),
    ("iam:CreateUser", USER, &[], true),
    ("iam:DeactivateMFADevice", USER, &[], true),
    ("iam:RemoveUserFromGroup", "arn:aws:iam::ACCOUNT:group/admins", &[], true),
    ("iam:UpdateSAMLProvider", "arn:aws:iam::ACCOUNT:saml-provider/other", &[], true),
    ("iam:UpdateUser", USER, &[], true),
    ("iam:UploadSSHPublicKey", USER, &[], true),
    ("iam:UpdateAccessKey", USER, &[], true),
    ("iam:UpdateLoginProfile", USER, &[], true),
    ("iam:ChangePassword", USER, &[], true),
    ("iam:EnableMFADevice", USER, &[], true),
    ("iam:ResetServiceSpecificCredential", USER, &[], true),
    ("iam:ResyncMFADevice", USER, &[], true),
    ("iam:UntagUser", USER, &[], true),
    ("iam:UpdateGroup", "arn:aws:iam::ACCOUNT:group/admins", &[], true),
    ("iam:DeleteAccountPasswordPolicy", "*", &[], true),
    // The account and its organization.
    ("account:CloseAccount", "*", &[], true),
    ("organizations:LeaveOrganization", "*", &[], true),
    ("sso:CreateAccountAssignment", "*", &[], true),
    // What watches the account.
    ("access-analyzer:DeleteAnalyzer", "arn:aws:access-analyzer:REGION:ACCOUNT:analyzer/a", &[], true),
    ("cloudtrail:DeleteTrail", "arn:aws:cloudtrail:REGION:ACCOUNT:trail/a", &[], true),
    ("cloudtrail:PutEventSelectors", "arn:aws:cloudtrail:REGION:ACCOUNT:trail/a", &[], true),
    ("cloudtrail:StopLogging", "arn:aws:cloudtrail:REGION:ACCOUNT:trail/a", &[], true),
    ("cloudtrail:UpdateTrail", "arn:aws:cloudtrail:REGION:ACCOUNT:trail/a", &[], true),
    ("config:DeleteConfigurationRecorder", "*", &[], true),
    ("config:PutConfigurationRecorder", "*", &[], true),
    ("config:StopConfigurationRecorder", "*", &[], true),
    ("guardduty:DeleteDetector", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("guardduty:DisassociateMembers", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("guardduty:StopMonitoringMembers", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("guardduty:UpdateDetector", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("securityhub:DisableSecurityHub", "*", &[], true),
    ("securityhub:DeleteInsight", "*", &[], true),
    ("securityhub:DisassociateMembers", "*", &[], true),
    ("guardduty:ArchiveFindings", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("guardduty:CreateFilter", "arn:aws:guardduty:REGION:ACCOUNT:detector/a", &[], true),
    ("inspector2:Disable", "*", &[], true),
    ("macie2:DisableMacie", "*", &[], true),
    ("securityhub:BatchUpdateFindings", "*", &[], true),
    // What runs with the rights of others.
    ("cloudformation:CreateChangeSet", "arn:aws:cloudformation:REGION:ACCOUNT:stack/a/1", &[], true),
    ("cloudformation:SetStackPolicy", "arn:aws:cloudformation:REGION:ACCOUNT:stack/a/1", &[], true),
    ("cloudformation:UpdateStack", "arn:aws:cloudformation:REGION:ACCOUNT:stack/a/1", OTHER, true),
    ("codebuild:StartBuild", "arn:aws:codebuild:REGION:ACCOUNT:project/a", &[], true),
    ("codebuild:UpdateProject", "arn:aws:codebuild:REGION:ACCOUNT:project/a", &[], true),
    ("lambda:AddPermission", "arn:aws:lambda:REGION:ACCOUNT:function:a", &[], true),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:REGION:ACCOUNT:function:a", &[], true),
    ("ssm:SendCommand", "arn:aws:ec2:REGION:ACCOUNT:instance/i-1", &[], true),
    ("ssm:ResumeSession", "arn:aws:ssm:REGION:ACCOUNT:session/a", &[], true),
    ("ssm:StartSession", "arn:aws:ec2:REGION:ACCOUNT:instance/i-1", &[], true),
    // States: the versions, the stores, that of bootstrap, and those of another environment.
    ("s3:DeleteObject", OWN_STATE, &[], false),
    ("s3:DeleteObjectVersion", OWN_STATE, &[], true),
    ("s3:DeleteObjectVersion", OWN_LOCK, &[], true),
    ("s3:DeleteBucket", STATES, &[], true),
    ("s3:PutBucketPolicy", STATES, &[], true),
    ("s3:PutBucketVersioning", STATES, &[], true),
    ("s3:PutLifecycleConfiguration", STATES, &[], true),
    ("s3:PutEncryptionConfiguration", STATES, &[], true),
    ("s3:PutReplicationConfiguration", STATES, &[], true),
    ("s3:GetObject", BOOTSTRAP, &[], true),
    ("s3:PutObject", BOOTSTRAP, &[], true),
    ("s3:GetObject", "arn:aws:s3:::NAME-other-REGION-state-ACCOUNT/ENV-other/global/terraform.tfstate", &[], false),
    ("s3:PutObject", "arn:aws:s3:::NAME-other-REGION-state-ACCOUNT/ENV-other/global/terraform.tfstate", &[], false),
    ("kms:DisableKey", KEY, STATE_KEY, true),
    ("kms:PutKeyPolicy", KEY, STATE_KEY, true),
    ("kms:ScheduleKeyDeletion", KEY, STATE_KEY, true),
    ("kms:CreateGrant", KEY, STATE_KEY, true),
    ("kms:TagResource", KEY, STATE_KEY, true),
    ("kms:UntagResource", KEY, STATE_KEY, true),
    ("kms:DeleteAlias", KEY, STATE_KEY, true),
    ("kms:UpdateAlias", KEY, STATE_KEY, true),
    ("kms:PutKeyPolicy", KEY, &[], false),
    ("kms:ScheduleKeyDeletion", KEY, &[], false),
    ("kms:TagResource", KEY, &[], false),
    ("kms:CreateAlias", KEY, &[], false),
    ("s3:DeleteBucketPolicy", OWN_BUCKET, &[], true),
    ("s3:PutBucketObjectLockConfiguration", OWN_BUCKET, &[], true),
    ("s3:PutEncryptionConfiguration", OWN_BUCKET, &[], true),
    ("s3:PutLifecycleConfiguration", OWN_BUCKET, &[], true),
    ("s3:PutReplicationConfiguration", OWN_BUCKET, &[], true),
    ("kms:DeleteAlias", KEY, BUCKET_KEY, true),
    ("kms:DisableKey", KEY, BUCKET_KEY, true),
    ("kms:PutKeyPolicy", KEY, BUCKET_KEY, true),
    ("kms:ScheduleKeyDeletion", KEY, BUCKET_KEY, true),
    ("kms:UpdateAlias", KEY, BUCKET_KEY, true),
    ("kms:GenerateDataKey", KEY, OWN, false),
    ("kms:CreateKey", "*", &[], false),
    ("kms:Decrypt", KEY, OWN, false),
    // Other environments, and places where the environment is not.
    ("ec2:DeleteVpc", VPC, OTHER, true),
    ("autoscaling:DeleteAutoScalingGroup", "arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:1:autoScalingGroupName/eks-general-a-1", OTHER, true),
    ("elasticloadbalancing:DeleteLoadBalancer", "arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/a/1", OTHER, true),
    ("eks:DeleteCluster", "arn:aws:eks:REGION:ACCOUNT:cluster/NAME-other-REGION", OTHER, true),
    ("kms:ScheduleKeyDeletion", KEY, OTHER, true),
    ("logs:DeleteLogGroup", "arn:aws:logs:REGION:ACCOUNT:log-group:/platform/NAME-other-REGION/flow-logs", OTHER, true),
    ("backup:DeleteBackupVault", "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME-other-REGION", OTHER, true),
    ("rds:DeleteDBInstance", "arn:aws:rds:REGION:ACCOUNT:db:NAME-other-shop-orders-1", OTHER, true),
    ("ec2:CreateVpc", "arn:aws:ec2:ap-south-1:ACCOUNT:vpc/vpc-1", &[("aws:RequestedRegion", "ap-south-1")], true),
    ("ec2:RunInstances", "arn:aws:ec2:ap-south-1:ACCOUNT:instance/*", &[("aws:RequestedRegion", "ap-south-1")], true),
    ("s3:CreateBucket", "arn:aws:s3:::other", &[("aws:RequestedRegion", "ap-south-1")], true),
    // What is in things, and what is not Terraform's.
    ("ec2:RunInstances", "arn:aws:ec2:REGION:ACCOUNT:instance/*", &[], false),
    ("eks:AccessKubernetesApi", CLUSTER, OWN, false),
    ("eks:AssociateAccessPolicy", "arn:aws:eks:REGION:ACCOUNT:access-entry/NAME-REGION/role/ACCOUNT/AWSReservedSSO_developer_1/1", OWN, false),
    ("eks:CreateAccessEntry", CLUSTER, &[("eks:principalArn", APPLIES)], false),
    ("eks:CreateAccessEntry", CLUSTER, &[("eks:principalArn", USER)], false),
    ("logs:GetLogEvents", "arn:aws:logs:REGION:ACCOUNT:log-group:/platform/NAME-REGION/flow-logs", OWN, false),
    ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", &[], false),
    ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", &[("route53:ChangeResourceRecordSetsNormalizedRecordNames", "www.DOMAIN"), ("route53:ChangeResourceRecordSetsRecordTypes", "RECORD")], false),
    ("rds:DeleteDBInstance", "arn:aws:rds:REGION:ACCOUNT:db:NAME-shop-orders-1", OWN, false),
    ("backup:DeleteRecoveryPoint", "arn:aws:backup:REGION:ACCOUNT:recovery-point:1", OWN, false),
    ("s3:GetObject", "arn:aws:s3:::other/object", &[], false),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:REGION:ACCOUNT:secret:ENV/shop/web-abcdef", &[], false),
    ("s3:DeleteBucket", BUCKET, &[], false),
    ("s3:DeleteBucketPolicy", BUCKET, &[], false),
    ("s3:BypassGovernanceRetention", OBJECT, &[], false),
    ("s3:DeleteObject", OBJECT, &[], false),
    ("s3:DeleteObjectVersion", OBJECT, &[], false),
    ("s3:GetObject", OBJECT, &[], false),
    ("s3:PutObject", OBJECT, &[], false),
    ("s3:PutBucketPolicy", "arn:aws:s3:::NAME-other-REGION-ACCOUNT", &[], false),
    ("s3:PutReplicationConfiguration", "arn:aws:s3:::NAME-other-REGION-ACCOUNT", &[], false),
    ("ssm:GetParameter", "arn:aws:ssm:REGION:ACCOUNT:parameter/a", &[], false),
];

/// What roles of the platform do, which the boundary must let pass.
#[rustfmt::skip]
const WORK: &[(&str, &str, Keys)] = &[
    ("ec2:AttachVolume", "arn:aws:ec2:REGION:ACCOUNT:volume/vol-1", OWN),
    ("ec2:CreateNetworkInterface", "arn:aws:ec2:REGION:ACCOUNT:network-interface/eni-1", &[]),
    ("ecr:BatchGetImage", "arn:aws:ecr:REGION:602401143452:repository/eks/coredns", &[]),
    ("elasticloadbalancing:CreateLoadBalancer", "arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/a/1", OWN),
    ("iam:CreateServiceLinkedRole", "arn:aws:iam::ACCOUNT:role/aws-service-role/elasticloadbalancing.amazonaws.com/a", &[]),
    // What AWS has once for the whole world.
    ("cloudfront:CreateInvalidation", "arn:aws:cloudfront::ACCOUNT:distribution/a", ANYWHERE),
    ("globalaccelerator:DescribeAccelerator", "arn:aws:globalaccelerator::ACCOUNT:accelerator/a", ANYWHERE),
    ("health:DescribeEvents", "*", ANYWHERE),
    ("iam:GetRole", ROLE, ANYWHERE),
    ("route53:ListHostedZones", "*", ANYWHERE),
    ("route53domains:ListDomains", "*", ANYWHERE),
    ("s3:GetAccountPublicAccessBlock", "*", ANYWHERE),
    ("s3:ListAllMyBuckets", "*", ANYWHERE),
    ("s3:PutAccountPublicAccessBlock", "*", ANYWHERE),
    ("shield:DescribeProtection", "*", ANYWHERE),
    ("sts:GetCallerIdentity", "*", ANYWHERE),
    ("support:DescribeCases", "*", ANYWHERE),
    ("waf:GetWebACL", "*", ANYWHERE),
    ("kms:Decrypt", KEY, OWN),
    ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", &[("aws:RequestedRegion", "us-east-1")]),
    ("s3:GetObject", "arn:aws:s3:::other/object", &[]),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:REGION:ACCOUNT:secret:ENV/shop/web-abcdef", &[]),
    ("lambda:InvokeFunction", "arn:aws:lambda:REGION:ACCOUNT:function:a", &[]),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:REGION:ACCOUNT:function:own", &[("aws:ResourceTag/environment", "ENV")]),
    ("sqs:SendMessage", "arn:aws:sqs:REGION:ACCOUNT:queue", &[]),
    ("sts:AssumeRole", "arn:aws:iam::999999999999:role/partner", &[]),
];

/// A data root beside the bootstrap root.
#[derive(Clone)]
pub struct DataRoot {
    pub region: String,
    /// The names of its buckets.
    pub buckets: Vec<String>,
    /// The role that copies them, where it has one.
    pub copier: Option<String>,
    /// The names of its databases.
    pub databases: Vec<String>,
}

/// Where something is asked for: a region, the bucket of its states, and a bucket there with the role that copies it.
struct Spot<'a> {
    region: &'a str,
    states: &'a str,
    bucket: &'a str,
    copier: &'a str,
    database: &'a str,
}

/// Whether a row is about buckets of data roots.
fn of_bucket(resource: &str) -> bool {
    ["BUCKET", "COPIER"].iter().any(|word| resource.contains(word)) || resource == DATA_ALIAS
}

/// Whether a row is about what the data root makes for databases.
fn of_database(kind: &str, resource: &str) -> bool {
    ["aws_backup_", "aws_db_", "aws_route53_record"].iter().any(|start| kind.starts_with(start)) || resource.contains("DATABASE")
}

/// The environment of the roles, and the policies that decide.
pub struct Place<'a> {
    pub account: String,
    /// `<platform>-<environment>`.
    pub name: String,
    pub environment: String,
    pub issuer: String,
    /// The regions of its clusters, with the bucket of their states.
    pub regions: Vec<(String, String)>,
    /// The domain whose zone it has, or nothing; and whether it leads its account.
    pub domain: String,
    pub leads: bool,
    pub data: Vec<DataRoot>,
    pub plan: Vec<&'a Value>,
    pub apply: Vec<&'a Value>,
    pub boundary: &'a Value,
    pub buckets: Vec<&'a Value>,
}

/// Who decides about a request.
struct Policies<'a> {
    own: &'a [&'a Value],
    boundary: Option<&'a Value>,
    buckets: &'a [&'a Value],
}

impl Place<'_> {
    fn fill(&self, text: &str, spot: &Spot) -> String {
        let words = [
            ("REGION", spot.region),
            ("BUCKET", spot.bucket),
            ("DATABASE", spot.database),
            ("COPIER", spot.copier),
            ("ACCOUNT", &self.account),
            ("NAME", &self.name),
            ("ENV", &self.environment),
            ("ISSUER", &self.issuer),
            ("STATES", spot.states),
            ("DOMAIN", &self.domain),
            // After `NAME`, which is a part of it.
            ("RECORD", "CNAME"),
        ];
        words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }

    /// What decides about a role of pipelines.
    fn policies<'p>(&'p self, own: &'p [&'p Value]) -> Policies<'p> {
        Policies { own, boundary: Some(self.boundary), buckets: &self.buckets }
    }

    /// Whether these policies let an identity do something in a region. Every request says where it goes, who asks, and that it is encrypted.
    fn may(&self, policies: &Policies, who: &str, action: &str, resource: &str, keys: Keys, spot: &Spot) -> Result<bool, String> {
        let resource = self.fill(resource, spot);
        let home = resource.contains(HOME) || ["iam:", "route53:", "organizations:", "account:"].iter().any(|one| action.starts_with(one));
        let mut context: Vec<(&str, String)> = vec![("aws:SecureTransport", "true".to_owned()), ("aws:PrincipalArn", self.fill(who, spot))];
        context.extend(keys.iter().map(|(key, value)| (*key, self.fill(value, spot))));
        if !keys.iter().any(|(key, _)| *key == "aws:RequestedRegion") {
            context.push(("aws:RequestedRegion", if home { HOME.to_owned() } else { spot.region.to_owned() }));
        }
        let context: Vec<(&str, &str)> = context.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let buckets: &[&Value] = if action.starts_with("s3:") { policies.buckets } else { &[] };
        may(policies.own, policies.boundary, buckets, &Request { action, resource: &resource, context: &context })
    }

    /// What the roles may and should not, or should and may not: the role, and what.
    pub fn wrong(&self) -> Result<Vec<(&'static str, String)>, String> {
        let mut wrong = Vec::new();
        let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let (plan, apply) = (self.policies(&self.plan), self.policies(&self.apply));
        // Each guard holds by itself.
        let boundary = Policies { own: &[&all], boundary: Some(self.boundary), buckets: &[] };
        let bucket = Policies { own: &[&all], boundary: None, buckets: &self.buckets };
        for (region, states) in &self.regions {
            let databases = self.data.iter().filter(|root| root.region == *region).flat_map(|root| &root.databases);
            let database = databases.map(String::as_str).next().unwrap_or_default();
            let spot = Spot { region, states, bucket: "", copier: "", database };
            let mut ask = |role: &'static str, policies: &Policies, who: &str, action: &str, resource: &str, keys: Keys, wanted: bool| {
                if self.may(policies, who, action, resource, keys, &spot)? != wanted {
                    let said = if wanted { "it may not" } else { "it may" };
                    wrong.push((role, format!("{said} {action} on {}", self.fill(resource, &spot))));
                }
                Ok::<(), String>(())
            };
            for (who, action, wanted) in [
                (PLANS, "s3:PutObject", false),
                (PLANS, "s3:GetObject", true),
                (APPLIES, "s3:PutObject", true),
                (ROLE, "s3:GetObject", false),
            ] {
                ask("bucket", &bucket, who, action, OWN_STATE, &[], wanted)?;
            }
            for action in READ {
                ask("plan", &plan, PLANS, action, "*", &[], true)?;
                ask("apply", &apply, APPLIES, action, "*", &[], true)?;
            }
            for action in READ_OF_DATABASE.into_iter().filter(|_| !spot.database.is_empty()) {
                ask("plan", &plan, PLANS, action, "*", &[], true)?;
                ask("apply", &apply, APPLIES, action, "*", &[], true)?;
            }
            for (action, resource, keys, plans, applies) in [
                ("s3:ListBucket", STATES, &[] as Keys, true, true),
                ("s3:GetObject", OWN_STATE, &[], true, true),
                ("s3:GetObject", OWN_LOCK, &[], true, true),
                ("kms:Decrypt", KEY, STATE_KEY, true, true),
                ("s3:PutObject", OWN_STATE, &[], false, true),
                ("s3:PutObject", OWN_LOCK, &[], false, true),
                ("s3:DeleteObject", OWN_LOCK, &[], false, true),
                ("kms:GenerateDataKey", KEY, STATE_KEY, false, true),
            ] {
                ask("plan", &plan, PLANS, action, resource, keys, plans)?;
                ask("apply", &apply, APPLIES, action, resource, keys, applies)?;
            }
            for (kind, service, verbs, resource, keys) in NEEDS.iter().filter(|(.., resource, _)| !of_bucket(resource)) {
                for verb in *verbs {
                    let action = format!("{service}:{verb}");
                    // A plan changes nothing of what an apply changes.
                    ask("plan", &plan, PLANS, &action, resource, keys, false)?;
                    let global = !self.domain.is_empty() || self.leads;
                    if resource.contains(HOME) && !global
                        || OF_ZONE.contains(kind) && self.domain.is_empty()
                        || OF_ACCOUNT.contains(kind) && !self.leads
                        || of_database(kind, resource) && spot.database.is_empty()
                    {
                        continue;
                    }
                    ask("apply", &apply, APPLIES, &action, resource, keys, true)?;
                }
            }
            for (action, resource, keys, bounded) in REFUSED.iter().filter(|(_, resource, ..)| !of_bucket(resource)) {
                ask("plan", &plan, PLANS, action, resource, keys, false)?;
                ask("apply", &apply, APPLIES, action, resource, keys, false)?;
                if *bounded {
                    ask("boundary", &boundary, ROLE, action, resource, keys, false)?;
                }
            }
            for (action, resource, keys) in WORK {
                ask("boundary", &boundary, ROLE, action, resource, keys, true)?;
            }
        }
        for root in &self.data {
            for bucket in &root.buckets {
                let copier = root.copier.as_deref().unwrap_or_default();
                wrong.extend(self.wrong_of_bucket(&Spot { region: &root.region, states: "", bucket, copier, database: "" })?);
            }
        }
        wrong.extend(self.unneeded().into_iter().map(|action| ("apply", format!("no resource needs {action}"))));
        wrong.extend(self.untried().into_iter().map(|action| ("boundary", format!("nobody tries {action}"))));
        Ok(wrong)
    }

    /// The same for a bucket.
    fn wrong_of_bucket(&self, spot: &Spot) -> Result<Vec<(&'static str, String)>, String> {
        let mut wrong = Vec::new();
        let mut ask = |role: &'static str, action: &str, resource: &str, keys: Keys, wanted: bool| {
            let (own, who) = if role == "plan" { (&self.plan, PLANS) } else { (&self.apply, APPLIES) };
            if self.may(&self.policies(own), who, action, resource, keys, spot)? != wanted {
                let said = if wanted { "it may not" } else { "it may" };
                wrong.push((role, format!("{said} {action} on {}", self.fill(resource, spot))));
            }
            Ok::<(), String>(())
        };
        for role in ["plan", "apply"] {
            for action in READ_OF_BUCKET {
                ask(role, action, BUCKET, &[], true)?;
            }
            for (_, service, verbs, resource, keys) in NEEDS.iter().filter(|(.., resource, _)| of_bucket(resource)) {
                if *resource == COPIER && spot.copier.is_empty() {
                    continue;
                }
                for verb in *verbs {
                    ask(role, &format!("{service}:{verb}"), resource, keys, role == "apply")?;
                }
            }
            for (action, resource, keys, _) in REFUSED.iter().filter(|(_, resource, ..)| of_bucket(resource)) {
                ask(role, action, resource, keys, false)?;
            }
        }
        Ok(wrong)
    }

    /// Actions that the boundary denies and nobody here tries.
    fn untried(&self) -> BTreeSet<String> {
        let denies = list(&self.boundary["Statement"]).iter().filter(|statement| statement["Effect"] == "Deny");
        let tried = |action: &String| REFUSED.iter().any(|(known, .., bounded)| *bounded && fits(action, known));
        denies.flat_map(|statement| texts(&statement["Action"])).filter(|action| !tried(action)).collect()
    }

    /// Actions of the policies that nothing asks for.
    fn unneeded(&self) -> BTreeSet<String> {
        let own: Vec<String> =
            NEEDS.iter().flat_map(|(_, service, verbs, ..)| verbs.iter().map(move |verb| format!("{service}:{verb}"))).collect();
        let needed = |action: &String| {
            own.iter()
                .map(String::as_str)
                .chain(READ)
                .chain(READ_OF_BUCKET)
                .chain(READ_OF_DATABASE)
                .chain(STATES_NEED)
                .any(|known| fits(action, known))
        };
        let statements = self.apply.iter().flat_map(|policy| list(&policy["Statement"]));
        statements.flat_map(|statement| texts(&statement["Action"])).filter(|action| !needed(action)).collect()
    }
}

/// Every type that a root plans, those of the bootstrap roots aside, has a row, and no other type has. Needs no program.
pub fn every_type_has_a_row() -> Result<(), String> {
    let planned = resources::types(|root| !root.contains("/bootstrap/"))?;
    let known: BTreeSet<String> = NEEDS.iter().map(|(kind, ..)| (*kind).to_owned()).collect();
    let missing: Vec<&String> = planned.difference(&known).collect();
    let spare: Vec<&String> = known.difference(&planned).collect();
    if missing.is_empty() && spare.is_empty() { Ok(()) } else { Err(format!("without a row: {missing:?}; planned by no root: {spare:?}")) }
}
