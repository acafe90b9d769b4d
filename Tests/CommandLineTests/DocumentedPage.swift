import Foundation

/// A page of the documentation.
///
/// Blocks that name no language hold shell commands: their lines, or what stands behind `$` if there is
/// any; the other lines are then what the command before prints. Blocks of `text` are only looked at:
/// output, and what needs a compiler, a cluster or minutes.
struct DocumentedPage {
  struct Block {
    var language: Substring
    var lines: [Substring] = []
  }

  struct Command {
    var text: String
    /// What the page shows below it; `…` stands for anything.
    var shown: [String] = []
  }

  let blocks: [Block]

  /// Reads a page by its path in the project.
  init(_ path: String) throws {
    let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    var found: [Block] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside.toggle()
        if isInside { found.append(Block(language: line.dropFirst(3))) }
      } else if isInside {
        found[found.count - 1].lines.append(line)
      }
    }
    blocks = found
  }

  var commands: [Command] {
    var commands: [Command] = []
    for block in blocks where block.language.isEmpty {
      guard block.lines.contains(where: { $0.hasPrefix("$ ") }) else {
        commands.append(Command(text: block.lines.joined(separator: "\n")))
        continue
      }
      for line in block.lines {
        if line.hasPrefix("$ ") {
          commands.append(Command(text: String(line.dropFirst(2))))
        } else {
          commands[commands.count - 1].shown.append(String(line))
        }
      }
    }
    return commands
  }
}

extension ScratchFolder {
  /// Has the pages' paths lead to the shipped traces.
  func linkTraces() throws {
    try FileManager.default.createSymbolicLink(
      at: url.appendingPathComponent("Traces"),
      withDestinationURL: root.appendingPathComponent("Traces"))
  }
}
