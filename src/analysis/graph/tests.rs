//! Pictures of graphs: nothing lies upon anything else, and every flow is drawn.

use super::plan::{Plan, plan};
use super::*;
use std::collections::BTreeMap;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// A graph of some nodes in some groups, with circles of calls as well.
fn graph_of(dice: &mut Dice) -> Graph {
    let groups = 1 + dice.below(5);
    let sorts = [Sort::Entrance, Sort::App, Sort::App, Sort::App, Sort::Job, Sort::Store, Sort::Addon, Sort::External];
    let count = 2 + dice.below(40);
    let mut nodes: Vec<Node> = (0..count)
        .map(|at| Node {
            kind: sorts[dice.below(sorts.len())],
            details: (0..dice.below(6)).map(|line| format!("detail {line} of a node")).collect(),
            group: dice.below(groups),
            ..node(format!("app/shop/{at}"), format!("n{}{at}", "o".repeat(dice.below(50))))
        })
        .collect();
    nodes.sort_by_key(|node| node.group);
    let mut edges: Vec<Edge> = Vec::new();
    for _ in 0..dice.below(3 * count) {
        let (from, to) = (dice.below(count), dice.below(count));
        let ports = vec![format!("TCP {}", 80 + dice.below(3))];
        let (from, to) = (nodes[from].name.clone(), nodes[to].name.clone());
        if from != to && !edges.iter().any(|edge| edge.from == from && edge.to == to) {
            edges.push(Edge { from, to, ports, why: Vec::new(), lines: Vec::new(), routine: false });
        }
    }
    let group = |at: usize| Group { kind: Place::Subnet, name: format!("subnet-{at}"), details: vec!["10.0.0.0/20 a".to_owned(); at] };
    without_empty(Graph {
        platform: "p".into(),
        environment: "e".into(),
        region: "r".into(),
        groups: (0..groups).map(group).collect(),
        nodes,
        edges,
    })
}

fn plan_of(graph: &Graph) -> Plan {
    let labels: Vec<Vec<String>> = graph.groups.iter().map(|group| [vec![group.name.clone()], group.details.clone()].concat()).collect();
    plan(graph, &labels)
}

/// A rectangle: the left upper corner, and the right lower one.
type Area = [(usize, usize); 2];

fn meet([(x, y), (right, bottom)]: Area, [(other_x, other_y), (other_right, other_bottom)]: Area) -> bool {
    x <= other_right && other_x <= right && y <= other_bottom && other_y <= bottom
}

/// The faults of a picture.
fn faults(graph: &Graph, plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    let boxes: Vec<Area> = plan.boxes.iter().map(|one| [(one.x, one.y), (one.x + one.width, one.y + one.height)]).collect();
    for (at, area) in boxes.iter().enumerate() {
        faults.extend(boxes[..at].iter().filter(|other| meet(*area, **other)).map(|other| format!("boxes {area:?} and {other:?}")));
        let band = &plan.bands[graph.nodes[at].group];
        if area[0].1 <= band.y || area[1].1 >= band.y + band.height || area[1].0 >= plan.width {
            faults.push(format!("{area:?} is not in its band {band:?}"));
        }
    }
    // All lines, with who they belong to. Those to a callee are of all its callers.
    let mut lines: Vec<(String, Area)> = Vec::new();
    for caller in &plan.callers {
        for [(x, y), (to_x, to_y)] in &caller.lines {
            lines.push((format!("caller {}", caller.node), [(*x.min(to_x), *y.min(to_y)), (*x.max(to_x), *y.max(to_y))]));
        }
    }
    for arrow in &plan.arrows {
        let first = arrow.joints.first().map(|(x, _)| *x).unwrap_or_default();
        lines.push((format!("callee {} {}", arrow.node, arrow.y), [(first, arrow.y), (arrow.x, arrow.y)]));
    }
    for (at, (who, area)) in lines.iter().enumerate() {
        // A line may touch the edge of a box at which it begins or ends.
        let inside = |[(x, y), (right, bottom)]: Area| [(x + 1, y + 1), (right - 1, bottom - 1)];
        faults.extend(boxes.iter().filter(|one| meet(inside(**one), *area)).map(|one| format!("{who} {area:?} crosses the box {one:?}")));
        let flat = |[start, end]: &Area| start.1 == end.1;
        let upon = lines[..at].iter().filter(|(other, there)| other != who && flat(there) == flat(area) && meet(*there, *area));
        faults.extend(upon.map(|(other, there)| format!("{who} {area:?} lies upon {other} {there:?}")));
    }
    // Each flow has a line that joins the end of its callee.
    for edge in &graph.edges {
        let number = |name: &str| graph.nodes.iter().position(|node| node.name == name).unwrap_or(usize::MAX);
        let (from, to) = (number(&edge.from), number(&edge.to));
        let joints =
            plan.arrows.iter().filter(|arrow| arrow.node == to).flat_map(|arrow| arrow.joints.iter().map(move |joint| (arrow.y, joint)));
        let joint = joints.into_iter().find(|(_, (_, caller))| *caller == from);
        let own = plan.callers.iter().find(|caller| caller.node == from);
        let is_on = |x: usize, y: usize| {
            own.is_some_and(|own| own.lines.iter().any(|[start, end]| start.0 == x && end.0 == x && (start.1..=end.1).contains(&y)))
        };
        if !joint.is_some_and(|(y, (x, _))| is_on(*x, y)) {
            faults.push(format!("{} to {} is not drawn", edge.from, edge.to));
        }
    }
    faults
}

#[test]
fn nothing_lies_upon_anything_else() {
    let mut dice = Dice(1);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..300 {
        let graph = graph_of(&mut dice);
        let plan = plan_of(&graph);
        let faults = faults(&graph, &plan);
        assert!(faults.is_empty(), "{faults:#?}\n{graph:#?}");
        *seen.entry("edges").or_default() += graph.edges.len();
        *seen.entry("corridors").or_default() += plan.callers.iter().filter(|caller| caller.lines.len() > 2).count();
    }
    assert!(seen["edges"] > 3000 && seen["corridors"] > 1000, "{seen:?}");
}

#[test]
fn letters_fit_their_boxes() {
    let graph = graph_of(&mut Dice(7));
    for shape in plan_of(&graph).boxes {
        assert!(shape.title.chars().count() <= 34 && shape.width >= shape.title.chars().count() * 78 / 10 + 16, "{shape:?}");
        assert!(shape.details.len() <= 3, "{shape:?}");
    }
}

#[test]
fn a_neighbourhood_has_who_calls_and_is_called() {
    let names = ["app/shop/web", "app/shop/cart", "app/shop/pay", "store/shop/carts"];
    let edge = |from: usize, to: usize| Edge {
        from: names[from].into(),
        to: names[to].into(),
        ports: vec!["TCP 80".into()],
        why: Vec::new(),
        lines: Vec::new(),
        routine: false,
    };
    let nodes = names.iter().enumerate().map(|(group, name)| Node { group, ..node((*name).to_owned(), (*name).to_owned()) }).collect();
    let group = |name: &&str| Group { kind: Place::Subnet, name: (*name).to_owned(), details: Vec::new() };
    let graph = Graph {
        platform: "p".into(),
        environment: "e".into(),
        region: "r".into(),
        groups: names.iter().map(group).collect(),
        nodes,
        edges: vec![edge(0, 1), edge(0, 2), edge(1, 3)],
    };
    let near = around(graph, "app/shop/cart");
    let told: Vec<(&str, &str)> = near.nodes.iter().map(|node| (node.name.as_str(), near.groups[node.group].name.as_str())).collect();
    assert_eq!(told, [(names[0], names[0]), (names[1], names[1]), (names[3], names[3])]);
    assert_eq!(near.edges.iter().map(|edge| edge.to.as_str()).collect::<Vec<_>>(), [names[1], names[3]]);
}

#[test]
fn texts_are_texts_in_every_language() {
    let mut graph = graph_of(&mut Dice(3));
    graph.environment = "a \"b\" <c> & #d\\".to_owned();
    assert!(svg(&graph).contains("a &quot;b&quot; &lt;c&gt; &amp; #d\\/r"));
    assert!(mermaid(&graph).contains("title: \"p/a #quot;b#quot; <c> & #35;d\\/r"));
    assert!(dot(&graph).contains("label=\"p/a \\\"b\\\" <c> & #d\\\\/r"));
}
