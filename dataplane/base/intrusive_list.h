#pragma once

namespace penstock {

// A node of an intrusive doubly linked list; unlinks itself when destroyed. Costs no memory of its own.
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool linked() const { return next_ != this; }

  void Unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

  // REQUIRES: not linked.
  void LinkBefore(ListNode& other) {
    prev_ = other.prev_;
    next_ = &other;
    prev_->next_ = this;
    other.prev_ = this;
  }

 private:
  template <typename T>
  friend class IntrusiveList;

  ListNode* prev_ = this;
  ListNode* next_ = this;
};

// A list of T, where T derives from ListNode. Owns nothing.
template <typename T>
class IntrusiveList {
 public:
  bool empty() const { return !head_.linked(); }
  void PushBack(T& node) { static_cast<ListNode&>(node).LinkBefore(head_); }
  void PushFront(T& node) { static_cast<ListNode&>(node).LinkBefore(*head_.next_); }
  T& front() { return static_cast<T&>(*head_.next_); }
  T& back() { return static_cast<T&>(*head_.prev_); }
  T& PopFront() {
    T& node = front();
    static_cast<ListNode&>(node).Unlink();
    return node;
  }
  // Moves everything from `other` to the end of this list.
  void Splice(IntrusiveList& other) {
    if (other.empty()) return;
    ListNode* first = other.head_.next_;
    ListNode* last = other.head_.prev_;
    other.head_.prev_ = other.head_.next_ = &other.head_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
  }
  // Calls f(T&) for each; f may unlink the node it is given.
  template <typename F>
  void ForEach(F f) {
    for (ListNode* node = head_.next_; node != &head_;) {
      ListNode* next = node->next_;
      f(static_cast<T&>(*node));
      node = next;
    }
  }

 private:
  ListNode head_;
};

}  // namespace penstock
