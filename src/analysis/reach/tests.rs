use super::*;
use crate::analysis::page::Style;

fn pair(from: &str, to: &str) -> Pair {
    let ports = || vec!["TCP 80".to_owned()];
    Pair {
        from: from.to_owned(),
        to: to.to_owned(),
        declared: vec![Declared { ports: ports(), why: format!("{from} calls {to}"), place: Some("platform.yaml:7".to_owned()) }],
        policies: ports(),
        firewall: Some(ports()),
        open: ports(),
        declared_open: ports(),
        blocked: Vec::new(),
        undeclared: Vec::new(),
        allowed_by: Vec::new(),
        also: None,
    }
}

fn blocked(pair: Pair) -> Pair {
    let reason = "no rule lets it pass".to_owned();
    let blocked = vec![Blocked { ports: pair.open.clone(), layer: Layer::Firewall, reason }];
    Pair { open: Vec::new(), declared_open: Vec::new(), blocked, ..pair }
}

fn undeclared(pair: Pair) -> Pair {
    Pair {
        declared: Vec::new(),
        declared_open: Vec::new(),
        undeclared: pair.open.clone(),
        allowed_by: vec!["NetworkPolicy/shop/b".to_owned()],
        ..pair
    }
}

/// Open only because the callee has addresses of another one.
fn shared(pair: Pair) -> Pair {
    let with = vec!["store/shop/orders".to_owned()];
    let reason = format!("{} shares addresses with {}", pair.to, with.join(", "));
    let also = Some(Also { ports: pair.open.clone(), cause: Cause::SharedAddresses, with, reason });
    Pair { declared: Vec::new(), declared_open: Vec::new(), also, ..pair }
}

fn found(pairs: Vec<Pair>) -> Reach {
    let place = |name: &str| Place { name: name.to_owned(), outside: false, ranges: Vec::new() };
    Reach {
        environment: "beta".to_owned(),
        region: "here".to_owned(),
        hit: true,
        ends: ["app/shop/a", "app/shop/b", "dns"].map(place).to_vec(),
        pairs,
        unjudged: Vec::new(),
        answer: None,
    }
}

#[test]
fn words_stand_for_ends() {
    let names = ["app/shop/web", "app/bank/web", "store/shop/orders", "external/erp", "dns", "Deployment/shop/tool"];
    for (word, expected) in [
        ("web", &["app/bank/web", "app/shop/web"][..]),
        ("app/web", &["app/bank/web", "app/shop/web"]),
        ("shop/web", &["app/shop/web"]),
        ("app/shop/web", &["app/shop/web"]),
        ("orders", &["store/shop/orders"]),
        ("store/orders", &["store/shop/orders"]),
        ("app/orders", &[]),
        ("erp", &["external/erp"]),
        ("external/erp", &["external/erp"]),
        ("dns", &["dns"]),
        ("tool", &["Deployment/shop/tool"]),
        ("", &[]),
    ] {
        assert_eq!(matching(names, word), expected, "{word}");
    }
}

#[test]
fn the_text_tells_differences_first() {
    let text = report(&[found(vec![pair("app/shop/a", "app/shop/b"), undeclared(pair("app/shop/b", "app/shop/a"))])], Style::Plain);
    let expected = "beta/here: who may talk to whom

DIFFERENCES: 0 declared flows blocked, 1 open that nobody declared.

OPEN, AND NOBODY DECLARED IT
  app/shop/b to app/shop/a: TCP 80
    allowed by NetworkPolicy/shop/b

MAY TALK
  from        to          ports   declared by
  app/shop/a  app/shop/b  TCP 80  app/shop/a calls app/shop/b (platform.yaml:7)
  app/shop/b  app/shop/a  TCP 80  NOT DECLARED
";
    assert_eq!(text, expected);
    let text = report(&[found(vec![blocked(pair("app/shop/a", "app/shop/b"))])], Style::Plain);
    assert!(text.contains("    TCP 80, firewall between subnets: no rule lets it pass\n    declared: app/shop/a calls app/shop/b (TCP 80, platform.yaml:7)\n"), "{text}");
    assert!(text.contains("  app/shop/a  app/shop/b  BLOCKED  app/shop/a calls"), "{text}");
}

#[test]
fn what_policies_cannot_close_is_no_difference_and_is_told() {
    let pairs =
        || vec![pair("app/shop/a", "app/shop/b"), shared(pair("app/shop/a", "external/x")), shared(pair("app/shop/b", "external/x"))];
    let text = report(&[found(pairs())], Style::Plain);
    let expected = "beta/here: who may talk to whom

Every declared flow is open. 2 pairs are open on ports of no flow, which policies can't close.

MAY TALK
  from        to          ports   declared by
  app/shop/a  app/shop/b  TCP 80  app/shop/a calls app/shop/b (platform.yaml:7)

OPEN, AND POLICIES CAN'T CLOSE IT
  external/x, TCP 80: external/x shares addresses with store/shop/orders
    from app/shop/a, app/shop/b
";
    assert_eq!(text, expected);
    let graph = mermaid(&found(pairs()));
    assert!(graph.contains("  e0 --o|\"TCP 80\"| e2\n  e1 --o|\"TCP 80\"| e2\n  linkStyle 1,2 stroke:#60a5fa\n"), "{graph}");
    let drawn = svg(&found(pairs()));
    assert_eq!(drawn.matches("#60a5fa").count(), 1 + 2, "{drawn}");
    let title = "<title>app/shop/b to external/x: TCP 80, not declared: external/x shares addresses with store/shop/orders</title>";
    assert!(drawn.contains(title), "{drawn}");
}

#[test]
fn pictures_show_each_kind_of_pair() {
    let all = found(vec![
        pair("app/shop/a", "app/shop/b"),
        undeclared(pair("app/shop/b", "10.0.0.0/8")),
        blocked(pair("app/shop/b", "app/shop/a")),
        pair("app/shop/a", "dns"),
    ]);
    let expected = "---
title: \"beta/here: who may talk to whom\"
---
flowchart LR
  e0[\"app/shop/a\"]
  e1[\"app/shop/b\"]
  e2[\"10.0.0.0/8\"]
  e0 -->|\"TCP 80\"| e1
  e1 ==>|\"TCP 80\"| e2
  e1 -.->|\"TCP 80\"| e0
";
    assert_eq!(mermaid(&all), expected);
    let drawn = svg(&all);
    // Two callers, three callees, three colours, and the colours' names.
    assert_eq!((drawn.matches("<rect ").count(), drawn.matches("<title>").count()), (1 + 6 + 4, 1 + 3), "{drawn}");
    for colour in ["#15803d", "#b91c1c", "#d97706"] {
        assert_eq!(drawn.matches(colour).count(), 2, "{colour} in {drawn}");
    }
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n") && !drawn.contains("dns"), "{drawn}");
}

#[test]
fn names_cannot_break_out_of_pictures() {
    let all = found(vec![pair("a\"]\n<b>&#", "app/shop/b")]);
    assert!(mermaid(&all).contains("[\"a#quot;] <b>&#35;\"]"), "{}", mermaid(&all));
    assert!(svg(&all).contains(">a&quot;]&lt;b&gt;&amp;#<") && !svg(&all).contains("<b>"), "{}", svg(&all));
}

#[test]
fn sets_of_ports() {
    use crate::policy::Protocol;
    let ports = |ranges: &[(Protocol, u16, u16)]| ranges.iter().copied().collect::<Ports>();
    let all = ports(&[(Protocol::Tcp, 1, 65535), (Protocol::Udp, 53, 53)]);
    let some = ports(&[(Protocol::Tcp, 1, 1), (Protocol::Tcp, 80, 90), (Protocol::Tcp, 65535, 65535)]);
    assert_eq!(words(&all.without(&some)), ["TCP 2-79", "TCP 91-65534", "UDP 53"]);
    assert!(some.without(&all).is_empty() && words(&Ports::default()).is_empty());
    assert_eq!(words(&some.or(&ports(&[(Protocol::Tcp, 2, 79)]))), ["TCP 1-90", "TCP 65535"]);
}
