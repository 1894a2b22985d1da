//! Faults made by hand in the cluster root.

use super::hand::Edit::{Beta, Cut, Drop, Swap};
use super::hand::Fault;
use super::hand_kubernetes::faults;

/// The table; files are below the folder of the region.
pub const FAULTS: &[Fault] = faults! {
    "cluster of beta", "cluster/locals.tf", "", Beta, "production's nodes stand in beta";
    "public API server", "cluster/cluster.tf", "", Swap("endpoint_public_access  = false", "endpoint_public_access  = true"), "everybody reaches the API server";
    "no private API server", "cluster/cluster.tf", "", Swap("endpoint_private_access = true", "endpoint_private_access = false"), "nodes reach the API server over the internet";
    "log of the audit gone", "cluster/cluster.tf", "", Swap("\"audit\", ", ""), "nobody knows who changed it";
    "secrets in plain text", "cluster/cluster.tf", "", Cut("  encryption_config {\n    resources = [\"secrets\"]\n\n    provider {\n      key_arn = aws_kms_key.this.arn\n    }\n  }\n\n"), "a copy of the store is a copy of all secrets";
    "cluster without protection", "cluster/cluster.tf", "", Swap("deletion_protection           = true", "deletion_protection           = false"), "a wrong plan deletes the cluster";
    "the maker stays administrator", "cluster/cluster.tf", "", Swap("bootstrap_cluster_creator_admin_permissions = false", "bootstrap_cluster_creator_admin_permissions = true"), "whoever applied it has all rights for ever";
    "add-ons that nobody pins", "cluster/cluster.tf", "", Swap("bootstrap_self_managed_addons = false", "bootstrap_self_managed_addons = true"), "two owners of the network's pods";
    "key for every role", "cluster/kms.tf", "", Swap("    ArnEquals    = { \"aws:PrincipalArn\"", "    ArnLike      = { \"aws:PrincipalArn\""), "the condition is another one";
    "grants of the key for others", "cluster/kms.tf", "", Swap("merge(local.auto_scaling, { Bool = { \"kms:GrantIsForAWSResource\" = \"true\" } })", "local.auto_scaling"), "a grant for anybody outlives the condition of the policy";
    "public addresses of nodes", "cluster/nodes.tf", "", Swap("associate_public_ip_address = false", "associate_public_ip_address = true"), "every node stands on the internet";
    "group of EKS on nodes", "cluster/nodes.tf", "", Swap("security_groups             = [data.aws_security_group.nodes[each.value.class].id]", "security_groups             = [data.aws_security_group.nodes[each.value.class].id, aws_eks_cluster.this.vpc_config[0].cluster_security_group_id]"), "all classes are joined";
    "metadata for pods of nodes", "cluster/nodes.tf", "", Swap("http_put_response_hop_limit = 1", "http_put_response_hop_limit = 2"), "a broken app takes the rights of its node";
    "metadata of nodes without a token", "cluster/nodes.tf", "", Swap("http_tokens                 = \"required\"", "http_tokens                 = \"optional\""), "a broken app takes the rights of its node";
    "disks of nodes in plain text", "cluster/nodes.tf", "", Swap("encrypted             = true", "encrypted             = false"), "a copy of a disk is readable";
    "nodes in the subnet of another pool", "cluster/node_groups.tf", "", Swap("[data.aws_subnet.nodes[each.key].id]", "[data.aws_subnet.nodes[keys(local.node_groups)[0]].id]"), "one zone takes everything with it";
    "labels gone", "cluster/node_groups.tf", "", Swap("merge(local.pools[each.value.pool].labels, {", "merge({"), "pods find no node";
    "taints gone", "cluster/node_groups.tf", "", Swap("for_each = local.pools[each.value.pool].taints", "for_each = []"), "any pod runs beside the data";
    "size of the minimum", "cluster/node_groups.tf", "", Swap("max(each.value.min, min(each.value.max, try(data.aws_autoscaling_group.current[each.key].desired_capacity, 0)))", "each.value.min"), "every apply ends the nodes that the autoscaler added";
    "size beyond the bounds", "cluster/node_groups.tf", "", Swap("max(each.value.min, min(each.value.max, try(", "max(0, min(1000, try("), "EKS refuses the bounds";
    "size of another group", "cluster/node_groups.tf", "", Swap("values = [each.value.name]", "values = [each.value.pool]"), "no group is found, and every apply ends the nodes that the autoscaler added";
    "nodes without the boundary", "cluster/nodes.tf", "", Swap("permissions_boundary = local.boundary", "permissions_boundary = null"), "pipelines can't make the role, and it may do whatever its policies say";
    "boundary of beta", "cluster/locals.tf", "", Swap("policy/acme-production-boundary", "policy/acme-beta-boundary"), "pipelines of production can't make the roles";
    "SSH", "cluster/nodes.tf", "", Swap("  update_default_version = true", "  update_default_version = true\n  key_name               = \"me\""), "a lost key opens every node";
    "more rights for nodes", "cluster/nodes.tf", "", Swap("\"AmazonEKSWorkerNodePolicy\"]", "\"AmazonEKSWorkerNodePolicy\", \"AdministratorAccess\"]"), "a broken node takes the account";
    "pods in the group of another class", "cluster/addons.tf", "", Swap("securityGroups = [data.aws_security_group.nodes[class].id]", "securityGroups = [data.aws_security_group.nodes[local.node_classes[0]].id]"), "the classes are joined";
    "policies not enforced", "cluster/addons.tf", "", Swap("enableNetworkPolicy = \"false\"", "enableNetworkPolicy = \"true\""), "two engines take turns";
    "add-on without a version", "cluster/addons.tf", "", Cut("  addon_version               = local.addons[each.key]\n"), "an update comes by itself";
    "another group of people", "cluster/access.tf", "", Swap("kubernetes_groups = [each.key]", "kubernetes_groups = [\"system:masters\"]"), "every developer is an administrator";
    "administrator for everybody", "cluster/access.tf", "", Cut("      Condition = { ArnLike = { \"aws:PrincipalArn\" = local.administrators } }\n"), "every identity of the account administers the cluster";
    "role for every pod", "cluster/identities.tf", "", Cut("          \"aws:RequestTag/kubernetes-service-account\" = each.value.account\n"), "any pod changes load balancers";
    "load balancers of others", "cluster/policies.tf", "", Swap("Condition = { StringEquals = local.own_load_balancers }", "Condition = {}"), "the controller deletes another cluster's entrance";
    "every right", "cluster/policies.tf", "", Swap("Action    = [\"ec2:CreateSecurityGroup\"]", "Action    = [\"*\"]"), "a broken controller takes the account";
    "nodes of other clusters", "cluster/policies.tf", "", Swap("Condition = { StringEquals = { \"aws:ResourceTag/k8s.io/cluster-autoscaler/${local.name}\" = \"owned\" } }", "Condition = {}"), "the autoscaler ends another cluster's nodes";
    "every domain", "cluster/policies.tf", "", Swap("[domain, \"*.${domain}\"]", "[\"*\"]"), "a broken controller takes every domain";
    "secrets of all namespaces", "cluster/locals.tf", "", Swap("secrets = [\"production/payments/*\"]", "secrets = [\"production/*\"]"), "one namespace reads all secrets";
    "secrets for every account", "cluster/identities.tf", "", Swap("sub = \"system:serviceaccount:${each.key}:${each.value.account}\"", "sub = \"system:serviceaccount:${each.key}:default\""), "every pod of the namespace reads its secrets";
    "API server for the world", "cluster/network.tf", "", Swap("cidr_ipv4         = each.key", "cidr_ipv4         = \"0.0.0.0/0\""), "the address is private, the group is not";
    "public subnet of pods", "cluster/network.tf", "", Swap("map_public_ip_on_launch         = false", "map_public_ip_on_launch         = true"), "pods stand on the internet";
    "calls of the API server gone", "cluster/network.tf", "", Swap("resource \"aws_vpc_security_group_ingress_rule\" \"call\" {\n  for_each = local.control_plane_calls", "resource \"aws_vpc_security_group_ingress_rule\" \"call\" {\n  for_each = {}"), "no logs, no webhooks";
    "tags with other content", "cluster/registry.tf", "", Swap("\"IMMUTABLE\"", "\"MUTABLE\""), "another image runs below a tag that was tested";
    "images in plain text", "cluster/registry.tf", "", Swap("encryption_type = \"KMS\"\n    kms_key         = aws_kms_key.this.arn", "encryption_type = \"AES256\""), "the platform's key does not protect them";
    "images of another key", "cluster/registry.tf", "", Cut("    kms_key         = aws_kms_key.this.arn\n"), "the platform's key does not protect them";
    "images that nobody scans", "cluster/registry.tf", "", Swap("scan_on_push = true", "scan_on_push = false"), "nobody hears of a hole";
    "images that expire", "cluster/registry.tf", "", Swap("tagStatus = \"untagged\"", "tagStatus = \"any\""), "a node that starts finds no image";
    "images that go with the spec", "cluster/registry.tf", "", Swap("force_delete = false", "force_delete = true"), "a node that starts finds no image of a pod that still runs";
    "images of beta", "cluster/locals.tf", "", Swap("\"acme-production/registry.example/web\"", "\"acme-beta/registry.example/web\""), "an app finds no image";
    "registry gone", "cluster/registry.tf", "", Drop, "no app finds its image";
    "identities gone", "cluster/identities.tf", "", Drop, "no load balancer, no volume";
};
